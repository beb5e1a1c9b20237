"""Python, packages, backends, and what OpenCV was built with."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from importlib import metadata, util
from types import ModuleType

from edge_emotion.backends import REGISTRY, get_backend
from edge_emotion.camera.doctor.check import Check, failure, ok, warning
from edge_emotion.errors import EdgeEmotionError

_OLDEST_PYTHON = (3, 10)
_NEEDED = ("click", "numpy", "pydantic", "rich")
_GSTREAMER_FIX = (
    "for CSI cameras and pipelines use the python3-opencv of JetPack or Debian, in a virtual "
    "environment made with --system-site-packages"
)


def software_checks() -> Iterator[Check]:
    """Everything that is installed or is not."""
    yield _python()
    yield from (_package(name) for name in _NEEDED)
    yield from _backends()
    yield from _opencv()
    yield _video()


def _python() -> Check:
    version = platform.python_version()
    if sys.version_info < _OLDEST_PYTHON:
        return failure("Python", version, "install Python 3.10 or newer")
    return ok("Python", version)


def _package(name: str) -> Check:
    try:
        return ok(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return failure(name, "not installed", f"pip install {name}")


def _backends() -> Iterator[Check]:
    reasons = {name: get_backend(name).unavailable_reason() for name in REGISTRY}
    for name, reason in reasons.items():
        if reason is None:
            yield ok(f"backend {name}", "can run")
        else:
            yield warning(f"backend {name}", reason, "needed only to run models with it")
    if all(reasons.values()):
        fix = "pip install 'edge-emotion[cpu]', or on a Jetson see deploy/jetson"
        yield failure("backends", "none can run", fix)


def _opencv() -> Iterator[Check]:
    try:
        from edge_emotion.vision.opencv import cv2
    except EdgeEmotionError as error:
        yield failure("OpenCV", "not installed", error.hint or str(error))
        return
    yield ok("OpenCV", cv2.__version__)
    yield _stream_reader(cv2)
    if cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER):
        yield ok("OpenCV's GStreamer", "built in")
    else:
        yield warning("OpenCV's GStreamer", "not built in", _GSTREAMER_FIX)
    gui = re.search(r"^\s*GUI:\s*(\w+)", cv2.getBuildInformation(), re.MULTILINE)
    if gui is None or gui.group(1) == "NONE":
        fix = "pass --headless, or install opencv-python in the place of opencv-python-headless"
        yield warning("OpenCV's windows", "not built in", fix)
    else:
        yield ok("OpenCV's windows", gui.group(1))


def _stream_reader(cv2: ModuleType) -> Check:
    if cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG):
        return ok("OpenCV's FFmpeg", "built in")
    return warning("OpenCV's FFmpeg", "not built in", "streams and most files need it: use pip's")


def _video() -> Check:
    if util.find_spec("av") is None:
        return warning(
            "PyAV",
            "not installed: video cannot be played after a kill",
            "pip install 'edge-emotion[video]'",
        )
    return ok("PyAV", metadata.version("av"))
