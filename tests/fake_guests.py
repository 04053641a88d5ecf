"""Preloaded by a Dask worker in tests (`dask worker --preload`): guests that answer at once, and one that kills.

FAKE_GUESTS names a folder: a file `slow` there makes each guest take its content in seconds, a file named like a
cell's variant makes the guest of that variant kill its worker.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import farm.asking
from farm.asking import Answers
from farm.check import Order
from farm.errors import BootError
from farm.plan import Cell
from farm.prepare import Prepared, Workshop
from farm.types import Ending, Record


def ask_all(cell: Cell, prepared: Prepared, order: Order) -> Answers:
    """Answer every probe with the same word."""
    assert prepared.accel == "tcg"
    here = Path(os.environ["FAKE_GUESTS"])
    (here / f"ran-{os.getpid()}-{time.monotonic_ns()}").write_text(cell.name)
    if (here / cell.variant.name).exists():
        os.abort()
    if (here / "slow").exists():
        time.sleep(float((here / "slow").read_text()))
    if (here / f"fail-{cell.variant.name}").exists():
        raise BootError("no word within 150 s")
    records = {probe: Record(probe, Ending.ANSWERED, {"mmap": "ok"}, trace=("x",)) for probe in order.probes}
    return Answers(records=records, page_size=4096)


def dask_setup(_: object) -> None:
    """Put the fakes in place; Dask calls this in the worker."""
    prepared = SimpleNamespace(accel="tcg", config="CONFIG_X=y\n", ruled_out={})
    farm.asking.ask_all = ask_all
    Workshop.prepare = lambda *_: prepared  # type: ignore[assignment,method-assign]
