"""Many cells: which of them have no answer yet, and running those on a pool of threads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from farm import build, catalogue, results
from farm.cell import answer
from farm.errors import FarmError
from farm.lock import Lock
from farm.plan import Cell
from farm.prepare import Workshop
from farm.qemu import accel
from farm.settings import ROOT
from farm.sources.apt import Archive
from farm.steps import Event, bus, step
from farm.types import Ending


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """How to run: `jobs` guests at a time (0: one per core), `fresh` reruns what is answered, `repeat` compares."""

    jobs: int = 0
    fresh: bool = False
    repeat: int = 1
    results: Path = ROOT / "results"
    all_probes: bool = False


@dataclass(slots=True)
class Summary:
    """How a run ended: names of cells, and (cell, why) for those without an answer; `faults` are our own bugs."""

    planned: int = 0
    ran: list[str] = field(default_factory=list)
    unanswered: list[tuple[str, str]] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many of the planned cells have an answer now."""
        return self.planned - len(self.unanswered)


def workshop(lock: Lock, archive: Archive, *, all_probes: bool = False) -> Workshop:
    """Return the workshop with the project's own catalogue."""
    known = catalogue.load()
    return Workshop(lock, known, archive, build.family_digests(known), everything=all_probes)


def todo(planned: Iterable[Cell], shop: Workshop, root: Path, *, fresh: bool = False) -> list[tuple[Cell, str | None]]:
    """Return each cell with the reason why it has to run, None where its answer counts.

    A host without that QEMU cannot rerun anything, so there the version that answered is taken as it is.
    """
    stored = results.scan(root)
    found: list[tuple[Cell, str | None]] = []
    for one in planned:
        old = stored.cell(one.kernel.name, one.arch.name, one.variant.name)
        qemu = accel.version(one.arch) or (old.info.qemu if old else "")
        why = results.why_not_answered(old.info if old else None, shop.wanted(one, qemu))
        found.append((one, why or ("asked for by --fresh" if fresh else None)))
    return found


def run(planned: Sequence[Cell], shop: Workshop, options: FleetOptions) -> Summary:
    """Run every cell that has no answer; what was finished is written, whatever happens to the others."""
    summary = Summary(planned=len(planned))
    again = options.fresh or options.repeat > 1
    waiting = [one for one, why in todo(planned, shop, options.results, fresh=again) if why]
    bus.emit(Event("run", "matrix", "start", total=len(waiting)))
    for arch in {one.arch for one in waiting}:
        # A checker that does not build is one failure of ours, not one of every cell.
        shop.checker(arch)
    pool = ThreadPoolExecutor(options.jobs or os.cpu_count() or 1, thread_name_prefix="cell")
    try:
        futures = {pool.submit(_run_one, one, shop, options, fresh=again): one for one in waiting}
        for future in as_completed(futures):
            _book(futures[future], future, summary)
    finally:
        # On Ctrl-C what has not begun is dropped; guests end with the threads that hold them.
        pool.shutdown(wait=True, cancel_futures=True)
    if summary.faults:
        raise summary.faults[0]
    _look(planned, options.results, summary)
    bus.emit(Event("run", "matrix", "done", done=summary.answered, total=summary.planned))
    return summary


def _run_one(one: Cell, shop: Workshop, options: FleetOptions, *, fresh: bool) -> None:
    """Answer one cell as a step of its own: the live view has a row for it from here until it ends."""
    with step("cell", one.name):
        answer(one, shop, options.results, fresh=fresh, repeat=options.repeat)


def _book(one: Cell, future: Future[None], summary: Summary) -> None:
    error = future.exception()
    if error is None:
        summary.ran.append(one.name)
        return
    summary.unanswered.append((one.name, str(error)))
    if not isinstance(error, FarmError | OSError):
        # The other cells go on; the fault is raised when they are through.
        summary.faults.append(error)


def _look(planned: Sequence[Cell], root: Path, summary: Summary) -> None:
    """Add what the planned cells' results say: a cell with a broken or lost probe is answered, but not fine."""
    stored = results.scan(root)
    failed = {name for name, _ in summary.unanswered}
    for one in planned:
        found = stored.cell(one.kernel.name, one.arch.name, one.variant.name)
        if one.name in failed:
            continue
        if found is None or not found.info.answered:
            summary.unanswered.append((one.name, found.info.why or "" if found else "no result"))
            continue
        bad = [record for record in found.records.values() if record.end in {Ending.BROKEN, Ending.LOST}]
        summary.broken += [(f"{one.name} {record.probe}", f"{record.end}: {record.why}") for record in bad]
