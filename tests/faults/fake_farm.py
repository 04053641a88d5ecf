"""A farm in a process of its own, to be broken: real fleet, images and results, made-up guests (tests/fake_guests.py).

`python -m tests.faults.fake_farm FOLDER [STAGE [fresh]]` runs test_fleet's cells one after the other into
FOLDER/results and prints a JSON object of how that ended. At STAGE of the first cell with huge pages it says "held"
and goes on when its standard input ends.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import farm.asking
from farm import disks, fleet
from farm.asking import Answers
from farm.catalogue import load
from farm.check import Order
from farm.fleet import Summary
from farm.lock import Lock
from farm.plan import Cell
from farm.prepare import Prepared, Workshop
from farm.qemu import accel
from farm.results import writer
from farm.runner import FleetOptions
from farm.sources.apt import Archive
from tests import fake_guests
from tests.test_fleet import CELLS, ROOT, YAML

HELD = "hugepages"
FOLDER, STAGE, FRESH, *_ = [*sys.argv[1:], "", "", ""]
write_file, exchange = writer._write_file, writer._exchange


def hold(stage: str, variant: str) -> None:
    """Wait for the end of standard input where this stage was asked for."""
    if (stage, variant) == (STAGE, HELD):
        print("held", flush=True)
        sys.stdin.read()


def prepare(_: Workshop, cell: Cell, accelerator: str) -> Prepared:
    """Make the scratch disk, which is all that a cell with huge pages needs here."""
    hold("prepare", cell.variant.name)
    if cell.variant.name == HELD:
        disks.make(disks.SCRATCH)
    return cast("Prepared", SimpleNamespace(accel=accelerator, config="CONFIG_X=y\n", ruled_out={}))


def ask_all(cell: Cell, prepared: Prepared, order: Order) -> Answers:
    """Answer as every made-up guest does."""
    hold("guest", cell.variant.name)
    return fake_guests.ask_all(cell, prepared, order)


def held_file(path: Path, data: bytes) -> None:
    """Write a file of a cell; `path` lies in the folder that is made aside."""
    write_file(path, data)
    hold(path.name, path.parent.name[1:].partition("~")[0])


def held_exchange(aside: Path, place: Path) -> None:
    """Put a cell in its place."""
    hold("before exchange", place.name)
    exchange(aside, place)
    hold("after exchange", place.name)


def shop(folder: Path) -> Workshop:
    """Return a workshop with two families of probes and nothing to build."""
    (folder / "catalogue").mkdir(exist_ok=True)
    for call in ("mmap", "brk"):
        (folder / "catalogue" / f"{call}.yaml").write_text(YAML.format(call=call))
    digests: Mapping[str, str] = {"mmap": "1" * 64, "brk": "2" * 64}
    return Workshop(Lock((), {"amd64": (ROOT,)}), load(folder / "catalogue"), cast("Archive", None), digests)


def main() -> Summary:
    """Put the made-up parts in place and run."""
    os.environ |= {"FAKE_GUESTS": FOLDER, "FARM_ACCEL": "tcg"}
    farm.asking.ask_all = ask_all
    accel.version = lambda _: "7.2.22"  # type: ignore[assignment]
    Workshop.prepare = prepare  # type: ignore[assignment,method-assign]
    Workshop.checker = lambda *_: b""  # type: ignore[method-assign]
    Workshop.kernel = lambda *_: None  # type: ignore[assignment,method-assign]
    writer._write_file, writer._exchange = held_file, held_exchange
    options = FleetOptions(jobs=1, results=Path(FOLDER) / "results", fresh=FRESH == "fresh")
    return fleet.run(CELLS, shop(Path(FOLDER)), options)


if __name__ == "__main__":
    ended = main()
    print(json.dumps({"ran": ended.ran, "unanswered": ended.unanswered}))
