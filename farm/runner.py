"""Runs cells on this host: a pool of threads, memory that the guests share, kernels fetched ahead of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from farm import load, results
from farm.cell import answer
from farm.errors import FarmError
from farm.plan import Cell
from farm.prepare import Workshop
from farm.settings import ROOT
from farm.steps import step


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """How to run: `jobs` guests at a time (0: one per core), `fresh` reruns what is answered, `repeat` compares.

    `scheduler` is the address of a Dask scheduler; without one the cells run on this host.
    """

    jobs: int = 0
    fresh: bool = False
    repeat: int = 1
    results: Path = ROOT / "results"
    all_probes: bool = False
    scheduler: str = ""

    @property
    def again(self) -> bool:
        """Whether answers that count are asked for once more."""
        return self.fresh or self.repeat > 1


class Runner(Protocol):
    """Runs cells and leaves each under the results folder; a future raises what kept its cell unanswered."""

    def start(self, cells: Sequence[Cell]) -> dict[Future[None], Cell]:
        """Begin with all cells, in this order where the order is free."""

    def stop(self) -> None:
        """Begin no more cells, and return when those that run have ended."""


@dataclass(slots=True)
class Local:
    """Runs cells on threads of this process. `accels` has the accelerator class to keep per architecture."""

    shop: Workshop
    options: FleetOptions
    accels: dict[str, str] = field(default_factory=dict)
    pool: ThreadPoolExecutor = field(init=False)
    memory: load.Memory = field(init=False)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Make the pool."""
        self.pool = ThreadPoolExecutor(self.options.jobs or os.cpu_count() or 1, thread_name_prefix="cell")
        self.memory = load.Memory(load.free())

    def start(self, cells: Sequence[Cell]) -> dict[Future[None], Cell]:
        """Begin with all cells; kernels that later cells need are fetched meanwhile."""
        for arch in {one.arch for one in cells}:
            # A checker that does not build is one failure of ours, not one of every cell.
            self.shop.checker(arch)
        order = load.longest_first(cells, load.earlier(cells, self.options.results))
        threading.Thread(target=self._prefetch, args=(order,), name="prefetch", daemon=True).start()
        return {self.pool.submit(self._one, one): one for one in order}

    def stop(self) -> None:
        """Begin no more cells; guests end with the threads that hold them."""
        self.ended.set()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def _one(self, one: Cell) -> None:
        """Answer one cell as a step of its own: the live view has a row for it from here until it ends."""
        with self.memory.hold(one), step("cell", one.name):
            old = None if self.options.fresh else results.one(self.options.results, one.name)
            kept = self.accels.get(one.arch.name, "")
            answer(one, self.shop, self.options.results, old=old, kept=kept, repeat=self.options.repeat)

    def _prefetch(self, cells: Iterable[Cell]) -> None:
        """Download and unpack kernels in the order of the cells; whose cell it is says what goes wrong."""
        for kernel in dict.fromkeys(one.kernel for one in cells):
            if self.ended.is_set():
                return
            with suppress(FarmError, OSError):
                self.shop.kernel(kernel)


def kept_accels(root: Path) -> dict[str, str]:
    """Return the accelerator class of each architecture's answers: what is added to them has to compare."""
    found: dict[str, str] = {}
    for one in results.scan(root).cells.values():
        if one.info.accel:
            found[one.info.arch] = min(one.info.accel, found.get(one.info.arch, one.info.accel))
    return found
