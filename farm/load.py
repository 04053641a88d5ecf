"""What a cell asks of the machine that runs it, and how much of that this machine has."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from farm.errors import InfraError
from farm.plan import Cell

MEMINFO = Path("/proc/meminfo")
# QEMU beside the guest's own memory: its code, translated blocks, device state (measured: 90 to 190 MiB under TCG).
BESIDE = 256
SPARE = 512  # MiB that guests leave to everything else
UNITS = {"": 1, "M": 1, "G": 1024}


def mib(cell: Cell) -> int:
    """Return how much memory the guest of `cell` may take with its QEMU, in MiB."""
    said = cell.variant.machine(cell.arch.name).memory or f"{cell.variant.memory}M"
    found = re.match(r"(\d+)([MG]?)", said)
    if found is None:
        raise InfraError(f"{cell.name}: {said!r} is no amount of memory")
    return int(found[1]) * UNITS[found[2]] + BESIDE


def free(meminfo: Path = MEMINFO) -> int:
    """Return how much memory guests may take here, in MiB: what is available, less a reserve."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB$", meminfo.read_text(), re.MULTILINE)
    if found is None:
        raise InfraError(f"{meminfo} does not say MemAvailable", hint="/proc of a Linux kernel from 3.14 on is needed")
    return max(0, int(found[1]) // 1024 - SPARE)


def earlier(cells: Iterable[Cell], root: Path) -> dict[str, float]:
    """Return how many seconds the cells took when they last ran on this host, by name."""
    found: dict[str, float] = {}
    for one in cells:
        try:
            found[one.name] = float(json.loads((root / one.name / "run.json").read_text())["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def longest_first(cells: Iterable[Cell], took: Mapping[str, float]) -> list[Cell]:
    """Return the cells in the order to start them, so that no long one is left for the end.

    `took` has the seconds of earlier runs; a cell without any is taken to be longer than every known one, a
    variant that runs all probes before the others, a slow architecture before a fast one.
    """

    def key(cell: Cell) -> tuple[bool, float, bool, float]:
        known = cell.name in took
        return known, -took.get(cell.name, 0.0), bool(cell.variant.gives), -cell.arch.slowness

    return sorted(cells, key=key)


class Memory:
    """Memory that guests share, in MiB: whoever needs more than is left waits until another one ends."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.left = total
        self.changed = threading.Condition()

    @contextmanager
    def hold(self, cell: Cell) -> Iterator[None]:
        """Hold what `cell` needs while the block runs; InfraError where it can never be had."""
        wanted = mib(cell)
        if wanted > self.total:
            raise InfraError(
                f"{cell.name} needs {wanted} MiB of memory, {self.total} MiB can be had here",
                hint="end other programs, or leave this variant out",
            )
        with self.changed:
            self.changed.wait_for(lambda: self.left >= wanted)
            self.left -= wanted
        try:
            yield
        finally:
            with self.changed:
                self.left += wanted
                self.changed.notify_all()
