"""What Linux tells of the processor in /proc/cpuinfo, where x86 and Arm use different names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_FILE = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class CpuInfo:
    """The text of the file, asked by name."""

    text: str

    @classmethod
    def read(cls, file: Path = _FILE) -> CpuInfo:
        """Read it; it tells nothing where the system does not show it."""
        try:
            return cls(file.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return cls("")

    def values(self, *names: str) -> list[str]:
        """Everything that stands under any of the names, core after core."""
        lines = (line.partition(":") for line in self.text.splitlines())
        return [value.strip() for name, _, value in lines if name.strip() in names]

    @property
    def features(self) -> frozenset[str]:
        """Instruction sets and the like, as the kernel names them on x86 ("flags") and on Arm."""
        return frozenset(" ".join(self.values("flags", "Features")).split())
