"""A real fleet in this process whose guests meet faults, on a cache folder of its own that shares what is dear."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm import asking, check, fleet, guest, results
from farm.errors import FarmError
from farm.fleet import Summary
from farm.guest import Guest
from farm.plan import Cell
from farm.prepare import Prepared, Workshop
from farm.qemu.machine import Machine
from farm.results import StoredCell
from farm.runner import FleetOptions
from farm.settings import cache_dir
from farm.steps import Deadline
from farm.types import Kernel
from tests.faults.guest_faults import DAX, PROBES, Fault
from tests.test_fleet import tree

SHARED = ("store", "kernels", "parts", "images", "roots", "checker", "zig")
SILENCE = 12.0  # seconds that a probe's guest may say nothing; these probes take a few hundredths
ASKED = re.compile(r"host: (SIG[A-Z]+)\.")


class Obedient(Machine):
    """A QEMU that gets a signal when its guest asks the host for one."""

    def __init__(self, argv: Callable[[int], list[str]], folder: Path) -> None:
        super().__init__(argv, folder)
        threading.Thread(target=self.listen, name="ear", daemon=True).start()

    def listen(self) -> None:
        """Wait for the guest's wish; a guest that ends or panics has none."""
        with suppress(FarmError):
            self.console.wait_for("host: SIG", Deadline(300))
            found = ASKED.search(self.console.text)
            os.kill(self.pid, signal.Signals[found[1] if found else "SIGKILL"])


@dataclass(slots=True)
class Faulty(Workshop):
    """The real workshop, asked for few probes; `faults` by the name of the cell that meets it."""

    faults: Mapping[str, Fault] = field(default_factory=dict)
    folder: Path = Path()

    def probes(self, cell: Cell) -> tuple[str, ...]:
        return (*PROBES, DAX) if "dax" in cell.variant.gives else PROBES

    def prepare(self, cell: Cell, accelerator: str) -> Prepared:
        fault = self.faults.get(cell.name)
        other = self.other(fault.kernel) if fault and fault.kernel else cell.kernel
        # Not super(): a class with slots is made twice, and super() finds the first one.
        prepared = Workshop.prepare(self, Cell(other, cell.arch, cell.variant), accelerator)
        if fault is None:
            return prepared
        place = self.folder / cell.name.replace("/", "-")
        place.mkdir(exist_ok=True)
        return fault.changed(prepared, place)

    def other(self, series: str) -> Kernel:
        found = self.lock.newest(series, "x86_64", "cloud")
        assert found is not None
        return found


@dataclass
class RealFarm:
    """Cells, the faults that they meet, and runs of them below `folder`."""

    folder: Path
    shop: Workshop
    cells: Mapping[str, Cell]
    faults: Mapping[str, Fault]

    def run(self, *, disturbed: bool, fresh: frozenset[str] = frozenset(), into: str = "results") -> Summary:
        """Run the cells, with their faults or without; of answered ones those of the faults named `fresh` again."""
        faults = {self.cells[name].name: fault for name, fault in self.faults.items()} if disturbed else {}
        shop = Faulty(
            self.shop.lock,
            self.shop.catalogue,
            self.shop.archive,
            self.shop.digests,
            checkers=self.shop.checkers,
            faults=faults,
            folder=self.folder,
        )
        cells = [cell for name, cell in self.cells.items() if name in fresh or not fresh]
        options = FleetOptions(jobs=2, results=self.folder / into, fresh=bool(fresh))
        return fleet.run(cells, shop, options)

    def stored(self, name: str, into: str = "results") -> StoredCell:
        found = results.one(self.folder / into, self.cells[name].name)
        assert found is not None
        return found

    def bytes(self, into: str = "results") -> dict[str, bytes]:
        """Return the files of a results folder, but for consoles of unanswered cells."""
        return {path: data for path, data in tree(self.folder / into).items() if not path.endswith("console.log")}


def shared_cache(place: Path) -> Path:
    """Return a new cache folder with guests of its own; kernels, parts and images are those of the real one."""
    real = cache_dir()
    place.mkdir()
    for name in SHARED:
        (real / name).mkdir(parents=True, exist_ok=True)
        (place / name).symlink_to(real / name)
    return place


def disturb(monkeypatch: pytest.MonkeyPatch, farm: RealFarm) -> None:
    """Let guests ask for signals, give each the time that its fault says, and hear silence early."""
    by_cell = {farm.cells[name].name: fault for name, fault in farm.faults.items()}

    def start(cell: Cell, prepared: Prepared, kept: Mapping[str, Path] | None = None) -> Guest:
        fault = by_cell[cell.name]
        changed = fault.cell(cell, farm.folder) if fault.cell else cell
        return guest.start(changed, prepared, seconds=fault.seconds, kept=kept)

    monkeypatch.setattr(asking, "start", start)
    monkeypatch.setattr(guest, "Machine", Obedient)
    monkeypatch.setattr(check, "SILENCE", SILENCE)


@dataclass(frozen=True)
class Footprint:
    """What this process holds of the machine: children, sockets, locks, threads that read consoles; and files aside."""

    children: frozenset[str]
    sockets: int
    locks: frozenset[str]
    threads: frozenset[str]
    files: frozenset[str]


def footprint(*folders: Path) -> Footprint:
    """Look at this process and at what lies in `folders` that a run should have taken with it."""
    me = Path("/proc/self")
    children = {child for task in (me / "task").iterdir() for child in (task / "children").read_text().split()}
    return Footprint(
        frozenset(children),
        sum(name.startswith("socket:") for name in links(me / "fd")),
        frozenset(line for line in Path("/proc/locks").read_text().splitlines() if f" {os.getpid()} " in line),
        frozenset(one.name for one in threading.enumerate() if one.name in {"console", "ear"}),
        frozenset(str(path) for folder in folders for path in aside(folder)),
    )


def links(folder: Path) -> Iterator[str]:
    """Yield what the links in `folder` lead to; one may vanish while it is looked at."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            yield str(path.readlink())


def aside(folder: Path) -> Iterator[Path]:
    """Yield what is only there while a farm runs: dot entries, parts, guests' folders."""
    yield from (path for path in folder.rglob(".*") if path.name != ".lock")
    yield from (path for end in ("part", "new") for path in folder.rglob(f"*.{end}"))
    yield from folder.glob("runs/*")
