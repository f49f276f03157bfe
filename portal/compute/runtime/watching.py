"""What a scorer and everything that it started hold of memory and disk, read from outside, where no limit of its own reaches."""

import os
from pathlib import Path

_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def parents() -> dict[int, int]:
    """The parent of every process that is alive."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            said = Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        # The name stands in brackets and may hold spaces and brackets itself.
        found[int(entry)] = int(said.rpartition(")")[2].split()[1])
    return found


def family(root: int, of: dict[int, int]) -> set[int]:
    """A process with all that descend from it."""
    children: dict[int, list[int]] = {}
    for pid, parent in of.items():
        children.setdefault(parent, []).append(pid)
    found, left = set(), [root]
    while left:
        pid = left.pop()
        if pid not in found:
            found.add(pid)
            left += children.get(pid, [])
    return found


def memory_mb(pids: set[int]) -> float:
    """What these processes hold in memory of their own together, in MiB; pages that they share with others left out."""
    found = 0.0
    for pid in pids:
        try:
            resident, shared = Path("/proc", str(pid), "statm").read_text().split()[1:3]
        except (OSError, ValueError):
            continue
        found += (int(resident) - int(shared)) * _PAGE_MB
    return found


def disk_bytes(folder: str) -> int:
    """What lies below a folder, in bytes on the disk."""
    found = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                found += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                continue
    return found
