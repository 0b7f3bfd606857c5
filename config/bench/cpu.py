"""CPU time of processes as the kernel counts it: /proc/PID/stat, fields utime and stime."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CpuClock:
    """The CPU seconds that some processes had used when it was read."""

    seconds: dict[int, float]

    @classmethod
    def read(cls, pids: Iterable[int]) -> Self:
        """Read it for these processes."""
        return cls({pid: cpu_of(pid) for pid in pids})

    def us_each(self, messages: int) -> float:
        """Microseconds a message that they have used since."""
        used = sum(cpu_of(pid) - before for pid, before in self.seconds.items())
        return round(used / messages * 1e6, 1)


@dataclass(frozen=True, slots=True)
class IdleClock:
    """What all processors together had idled, and had in all, when it was read: ticks."""

    idle: int
    total: int

    @classmethod
    def read(cls) -> Self:
        """Read it now: the first line of /proc/stat."""
        ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
        return cls(idle=ticks[3] + ticks[4], total=sum(ticks[:8]))

    def part(self) -> float:
        """The part of the processors' time that nobody has used since, 0 to 1."""
        now = self.read()
        return round((now.idle - self.idle) / max(1, now.total - self.total), 3)


def resident_bytes(pid: int) -> int:
    """What a process holds in memory (RSS)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, all its threads; 0 when it is gone."""
    try:
        fields = _stat(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def with_descendants(pid: int) -> list[int]:
    """A process and all that come from it, as they are now."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int(_stat(int(entry.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _stat(pid: int) -> list[str]:
    """The fields after the command's name, which may hold anything: state is the first."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
