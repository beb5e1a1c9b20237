"""The NVIDIA GPU of this machine, asked through the driver itself.

The driver's library is on every machine that can run an engine, and asking it costs no import of a
runtime. Reference: https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__DEVICE.html
"""

from __future__ import annotations

import ctypes

_SUCCESS = 0
_COMPUTE_CAPABILITY_MAJOR, _COMPUTE_CAPABILITY_MINOR = 75, 76
_NAME_BYTES = 256


def compute_capability() -> str | None:
    """Compute capability of the first GPU, as "8.7"; ``None`` without a GPU or driver."""
    found = _first_device()
    if found is None:
        return None
    driver, device = found
    digits = []
    for attribute in (_COMPUTE_CAPABILITY_MAJOR, _COMPUTE_CAPABILITY_MINOR):
        value = ctypes.c_int()
        if driver.cuDeviceGetAttribute(ctypes.byref(value), attribute, device) != _SUCCESS:
            return None
        digits.append(str(value.value))
    return ".".join(digits)


def device_name() -> str:
    """The first GPU's name as the driver writes it, as "Orin"; "unknown" if it tells none."""
    found = _first_device()
    if found is None:
        return "unknown"
    driver, device = found
    text = ctypes.create_string_buffer(_NAME_BYTES)
    if driver.cuDeviceGetName(text, _NAME_BYTES, device) != _SUCCESS:
        return "unknown"
    return text.value.decode(errors="replace")


def _first_device() -> tuple[ctypes.CDLL, ctypes.c_int] | None:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    device = ctypes.c_int()
    if driver.cuInit(0) != _SUCCESS or driver.cuDeviceGet(ctypes.byref(device), 0) != _SUCCESS:
        return None
    return driver, device
