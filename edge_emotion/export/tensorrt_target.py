"""What an engine is built for: the GPU of this machine, or others ahead of time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge_emotion.artifact import HardwareCompatibility
from edge_emotion.backends.engine import AMPERE
from edge_emotion.backends.engine_cache import EngineCache
from edge_emotion.backends.gpu import compute_capability
from edge_emotion.errors import CompileError

_LEVELS: dict[HardwareCompatibility, str] = {
    "none": "NONE",
    "ampere+": "AMPERE_PLUS",
    "same-cc": "SAME_COMPUTE_CAPABILITY",
}
"""Our name for a level of hardware compatibility → TensorRT's."""


@dataclass(frozen=True)
class Compatibility:
    """Where else an engine shall run; both cost speed, and TensorRT knows both.

    Args:
        version: on newer versions of TensorRT too. The engine then carries a copy of TensorRT.
        hardware: on which other GPUs.
    """

    version: bool = False
    hardware: HardwareCompatibility = "none"


class Target(ABC):
    """What a build is aimed at.

    Args:
        runtime: the imported ``tensorrt`` or ``tensorrt_rtx``.
        capabilities: compute capabilities of the GPUs to build for, as "8.9".
        compatibility: where else the engine shall run.

    Raises:
        CompileError: this runtime cannot build for them.
    """

    def __init__(
        self, runtime: Any, capabilities: tuple[str, ...], compatibility: Compatibility
    ) -> None:
        self._runtime = runtime
        self.capabilities = capabilities
        self.compatibility = compatibility

    @abstractmethod
    def aim(self, config: Any) -> None:
        """Set an ``IBuilderConfig`` up for this target.

        Raises:
            CompileError: TensorRT cannot build for it.
        """

    def built(self, config: Any) -> None:  # noqa: B027 - without a GPU it taught nothing
        """Keep what the build taught."""


class GpuHere(Target):
    """TensorRT: it times kernels on the GPU that it builds for, and keeps the timings."""

    def __init__(
        self, runtime: Any, capabilities: tuple[str, ...], compatibility: Compatibility
    ) -> None:
        here = compute_capability()
        if here is None or capabilities != (here,):
            raise CompileError(
                f"TensorRT {runtime.__version__} builds for the GPU it runs on "
                f"({here or 'there is none'}), not for {', '.join(capabilities)}",
                "run this on the target machine, or install tensorrt-rtx-cu12 alone",
            )
        super().__init__(runtime, capabilities, compatibility)
        self._level = self._known_level(here)
        self._timings = EngineCache("timing", runtime, here)

    def _known_level(self, here: str) -> Any:
        """TensorRT's own value for the level of hardware compatibility."""
        level = self.compatibility.hardware
        known = self._runtime.HardwareCompatibilityLevel.__members__
        if _LEVELS[level] not in known:
            listed = ", ".join(name for name, theirs in _LEVELS.items() if theirs in known)
            raise CompileError(
                f"TensorRT {self._runtime.__version__} has no hardware compatibility {level}",
                f"it has: {listed}",
            )
        if level == "ampere+" and tuple(map(int, here.split("."))) < AMPERE:
            raise CompileError(
                f"ampere+ engines are built on GPUs from Ampere (8.0) on, this one is {here}",
                "build on a newer GPU, or leave the option out",
            )
        return known[_LEVELS[level]]

    def aim(self, config: Any) -> None:
        """Set the compatibility, and attach the timings of earlier builds."""
        if self.compatibility.version:
            config.set_flag(self._runtime.BuilderFlag.VERSION_COMPATIBLE)
        if self.compatibility.hardware != "none":
            config.hardware_compatibility_level = self._level
        kept = config.create_timing_cache(self._timings.read())
        if kept is None or not config.set_timing_cache(kept, ignore_mismatch=False):
            config.set_timing_cache(config.create_timing_cache(b""), ignore_mismatch=False)

    def built(self, config: Any) -> None:
        """Keep the timings for the next build."""
        self._timings.keep(bytes(config.get_timing_cache().serialize()))


class AheadOfTime(Target):
    """TensorRT-RTX: it builds for any GPU that it knows, on a machine with none.

    It leaves timing to the GPU that runs the engine, and fails when it is given a timing cache.
    """

    def __init__(
        self, runtime: Any, capabilities: tuple[str, ...], compatibility: Compatibility
    ) -> None:
        if compatibility.version:
            raise CompileError(
                "a TensorRT-RTX engine runs on the version that built it alone",
                "leave --version-compatible out, or build with TensorRT on the target machine",
            )
        if compatibility.hardware != "none":
            raise CompileError(
                "TensorRT-RTX names the GPUs of an engine one by one",
                "leave --hardware-compatibility out, and repeat --compute-capability",
            )
        super().__init__(runtime, capabilities, compatibility)
        self._targets = [self._known(capability) for capability in capabilities]

    def _known(self, capability: str) -> Any:
        known = self._runtime.ComputeCapability.__members__
        name = f"SM{capability.replace('.', '')}"
        if name not in known or capability.count(".") != 1:
            numbers = [key[2:] for key in known if key.startswith("SM")]
            listed = ", ".join(f"{number[:-1]}.{number[-1]}" for number in numbers)
            raise CompileError(
                f"this {self._runtime.__name__} cannot build for compute capability {capability!r}",
                f"it can for {listed}; for another GPU, run this with TensorRT on its machine",
            )
        return known[name]

    def aim(self, config: Any) -> None:
        """Name the GPUs, and read each back: a refusal is not always reported."""
        # The count comes first: set_compute_capability refuses an index beyond it.
        config.num_compute_capabilities = len(self._targets)
        for index, target in enumerate(self._targets):
            accepted = config.set_compute_capability(target, index)
            if not accepted or config.get_compute_capability(index) != target:
                raise CompileError(
                    f"TensorRT-RTX refused compute capability {self.capabilities[index]}",
                    "build for it alone, or leave it out",
                )


def choose_target(
    runtime: Any, capabilities: Sequence[str], compatibility: Compatibility
) -> Target:
    """The target of a build.

    Args:
        runtime: the imported ``tensorrt`` or ``tensorrt_rtx``.
        capabilities: GPUs to build for, as "8.9"; none means the GPU of this machine.
        compatibility: where else the engine shall run.

    Raises:
        CompileError: this runtime cannot build for it.
    """
    named = tuple(dict.fromkeys(capabilities)) or _gpu_here()
    kind = AheadOfTime if runtime.__name__ == "tensorrt_rtx" else GpuHere
    return kind(runtime, named, compatibility)


def _gpu_here() -> tuple[str, ...]:
    capability = compute_capability()
    if capability is None:
        raise CompileError(
            "this machine has no NVIDIA GPU to build an engine for",
            "name the GPU to build for, as --compute-capability 8.9",
        )
    return (capability,)
