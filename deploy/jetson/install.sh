#!/bin/sh
# deploy/install.sh on a Jetson: beside JetPack's OpenCV and TensorRT, and with access to its devices.
#
#     deploy/jetson/install.sh [--dry-run]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python3 -c 'import cv2, tensorrt' 2>/dev/null || {
  echo "error: JetPack's OpenCV or TensorRT is missing: apt-get install python3-opencv python3-libnvinfer" >&2
  exit 1
}
EDGE_EMOTION_EXTRAS=jetson,mqtt,serve,video \
EDGE_EMOTION_VENV_OPTIONS=--system-site-packages \
EDGE_EMOTION_DROP_IN=$here/../systemd/jetson.conf \
  exec "$here/../install.sh" "$@"
