"""Many cells: which of them have no answer yet, running those, and how each ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError, Future, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from farm import build, catalogue, results
from farm.errors import AtOnceError, FarmError, InfraError
from farm.lock import Lock
from farm.plan import Cell
from farm.prepare import Workshop
from farm.qemu import accel
from farm.runner import FleetOptions, Local, Runner, kept_accels
from farm.sources.apt import Archive
from farm.steps import Event, bus
from farm.types import Ending


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
    with suppress(OSError):
        # What a killed farm made aside, also beside cells that need not run; where it cannot go, those that run say so.
        results.clean(options.results)
    waiting = [one for one, why in todo(planned, shop, options.results, fresh=options.again) if why]
    bus.emit(Event("run", "matrix", "start", total=len(waiting)))
    if waiting:
        _run(waiting, runner(shop, options), summary)
    if summary.faults:
        raise summary.faults[0]
    _look(planned, options.results, summary)
    bus.emit(Event("run", "matrix", "done", done=summary.answered, total=summary.planned))
    return summary


def runner(shop: Workshop, options: FleetOptions) -> Runner:
    """Return what runs the cells: this host, or the workers of a Dask scheduler."""
    accels = kept_accels(options.results)
    if options.scheduler:
        from farm.cluster import Cluster  # noqa: PLC0415 - half a second that a run without it need not wait

        return Cluster(shop, options, accels)
    return Local(shop, options, accels)


def _run(waiting: Sequence[Cell], runs: Runner, summary: Summary) -> None:
    """Run the cells and book their ends; after Ctrl-C those that run may end, a second one ends the process."""
    try:
        futures = runs.start(waiting)
        for future in as_completed(futures):
            _book(futures[future], future, summary)
    except KeyboardInterrupt:
        bus.emit(Event("run", "matrix", "stopping"))
        raise
    finally:
        try:
            runs.stop()
        except KeyboardInterrupt as error:
            raise AtOnceError from error


def _book(one: Cell, future: Future[None], summary: Summary) -> None:
    try:
        error = future.exception()
    except CancelledError:
        error = InfraError("its run was cancelled from outside", hint="is the scheduler still there? run it again")
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
