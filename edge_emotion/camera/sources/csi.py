"""A camera on a Jetson's CSI connector: ``csi://0``."""

from __future__ import annotations

import re

from edge_emotion.camera.sources.gstreamer import NEWEST_ONLY, GStreamerSource


class CsiSource(GStreamerSource):
    """NVIDIA's Argus camera stack: 1280×720 at 30 frames per second, scaled on the device."""

    @classmethod
    def recognises(cls, text: str) -> bool:
        """``csi://`` and a sensor number."""
        return re.fullmatch(r"csi://\d{1,2}", text) is not None

    def _pipeline(self) -> str:
        sensor = self._text.removeprefix("csi://")
        return (
            f"nvarguscamerasrc sensor-id={sensor} ! "
            "video/x-raw(memory:NVMM), width=1280, height=720, framerate=30/1 ! "
            "nvvidconv ! video/x-raw, format=BGRx ! "
            f"videoconvert ! video/x-raw, format=BGR ! {NEWEST_ONLY}"
        )
