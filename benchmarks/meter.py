"""CPU time and memory of processes, read from /proc. Linux only."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat after the name: time in user and system mode, then the same for
# children that exited and were waited for.
OWN, WAITED_FOR = slice(11, 13), slice(13, 15)


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes of a server: gunicorn's master, its children, and others that serve it."""

    main: int
    others: list[int] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        """Return the CPU time of all processes, including replaced workers."""
        tree = descendants(self.main)
        ticks = sum(ticks_of(pid, OWN) for pid in (self.main, *tree, *self.others))
        return (ticks + ticks_of(self.main, WAITED_FOR)) / TICKS

    def memory_bytes(self) -> tuple[int, int]:
        """Return the private and proportional memory of the largest worker."""
        maps = [memory_of(pid) for pid in descendants(self.main)]
        return max(own for own, _ in maps), max(share for _, share in maps)


def descendants(pid: int) -> list[int]:
    children = text_of(PROC / f"{pid}/task/{pid}/children").split()
    return [found for child in map(int, children) for found in (child, *descendants(child))]


def ticks_of(pid: int, fields: slice) -> int:
    # The name is in parentheses and may contain any character.
    values = text_of(PROC / f"{pid}/stat").rpartition(")")[2].split()
    return sum(map(int, values[fields]))


def text_of(path: Path) -> str:
    """Return the text of a file about a process, or "" if the process has ended.

    PostgreSQL ends processes at any time, such as those that vacuum.
    """
    with suppress(FileNotFoundError, ProcessLookupError):
        return path.read_text()
    return ""


def memory_of(pid: int) -> tuple[int, int]:
    """Return the private and the proportional (PSS) memory of a process, in bytes."""
    lines = (PROC / f"{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {
        name: int(rest.split()[0]) * 1024 for name, _, rest in (x.partition(":") for x in lines)
    }
    return sizes["Private_Clean"] + sizes["Private_Dirty"], sizes["Pss"]
