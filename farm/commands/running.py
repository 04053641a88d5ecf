"""matrix, plan and shell: the commands that boot guests, or say which they would boot."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm import cell as cells, doctor, fleet, load, lock, plan, report
from farm.check import PATH
from farm.commands.chosen import Chosen, go_offline, source
from farm.errors import InfraError, PlanError
from farm.fleet import Summary
from farm.guest import start
from farm.lock import Lock
from farm.matrix import Matrix
from farm.plan import Cell, LeftOut
from farm.program import say
from farm.progress import Board, clock_face, roughly, shown
from farm.qemu import accel
from farm.runner import FleetOptions, kept_accels
from farm.settings import ROOT

__all__ = ["Chosen", "How", "open_shell", "run_matrix", "show_plan"]

OK, UNANSWERED = 0, 2
LINES = 12  # of one kind of trouble, before the rest is only counted


@dataclass(frozen=True, slots=True)
class How:
    """How to run the chosen cells, as it was typed."""

    repeat: str = "1"
    scheduler: str = ""
    fresh: bool = False
    all_probes: bool = False


def run_matrix(chosen: Chosen, how: How = How(), *, offline: bool = False, yes: bool = False) -> int:
    """Run what has no answer yet, write the report, and say how it ended."""
    go_offline(offline)
    asked = chosen.read()
    planned, root = chosen.cells(asked), chosen.results_folder(asked)
    options = FleetOptions(
        jobs=chosen.guests(asked),
        fresh=how.fresh,
        repeat=times(how.repeat),
        results=root,
        all_probes=how.all_probes,
        scheduler=how.scheduler,
    )
    if not how.scheduler:
        host_for(planned, yes=yes)
    shop = fleet.workshop(lock.load(), source(asked), all_probes=how.all_probes)
    began = time.monotonic()
    with shown(Board(options.jobs, load.earlier(planned, root))):
        summary = fleet.run(planned, shop, options)
        page = chosen.report_folder(asked) / "index.html"
        if not up_to_date(page, root):
            page = report.site(root, shop.catalogue, page.parent)
            page.with_name(report.MANIFEST).touch()
    print("\n".join(outcome(summary, time.monotonic() - began)))
    absent = summed(chosen.left_out(asked))
    if absent:
        print(f"left out: {absent[0]}{f'; and {len(absent) - 1} more (./inv plan shows them)' if absent[1:] else ''}")
    print(f"report: {page.resolve().as_uri()}")
    return UNANSWERED if summary.unanswered or summary.broken else OK


def run_cells(planned: Sequence[Cell], asked: Matrix, options: FleetOptions, locked: Lock, *, yes: bool) -> Summary:
    """Run those of `planned` that have no answer, as `matrix` does, without its report."""
    host_for(planned, yes=yes)
    shop = fleet.workshop(locked, source(asked))
    with shown(Board(options.jobs, load.earlier(planned, options.results))):
        return fleet.run(planned, shop, options)


def up_to_date(page: Path, root: Path) -> bool:
    """Whether the report is younger than every result and everything else that it is made of."""
    stamp = page.with_name(report.MANIFEST)
    if not page.is_file() or not stamp.is_file():
        return False
    made = stamp.stat().st_mtime_ns
    beside = [ROOT / "matrix.yaml", *(ROOT / "guest" / "catalogue").iterdir(), *(ROOT / "profiles").iterdir()]
    parts = (root.glob("*/*"), root.glob("*/*/*/cell.json"), beside)
    code = (path for path in (ROOT / "farm").rglob("*.*") if path.parent.name != "__pycache__")
    return all(part.stat().st_mtime_ns < made for part in itertools.chain(*parts, code))


def times(word: str) -> int:
    """Return the value of --repeat."""
    if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= 1000:
        raise PlanError(f"--repeat: a number from 1 to 1000 is expected, not {word!r}")
    return int(word)


def host_for(planned: Sequence[Cell], *, yes: bool) -> None:
    """Provide the host programs of all cells; go on without an architecture's QEMU as long as another can run."""
    per_arch: dict[str, tuple[doctor.Need, ...]] = {}
    for one in planned:
        mine = per_arch.get(one.arch.name, ())
        per_arch[one.arch.name] = tuple(dict.fromkeys((*mine, *doctor.of_arch(one.arch, [one.variant]))))
    try:
        doctor.ensure([*doctor.GUESTS, *(need for needs in per_arch.values() for need in needs)], yes=yes)
    except InfraError as error:
        if doctor.missing(doctor.GUESTS) or all(doctor.missing(needs) for needs in per_arch.values()):
            raise
        say(f"going on without: {error.message}; {error.hint}")


def outcome(summary: Summary, seconds: float) -> list[str]:
    """Return how a run ended, for people."""
    count = f"{summary.answered} of {summary.planned} cells answered"
    ran = f"{len(summary.ran)} ran in {clock_face(seconds)}" if summary.ran or summary.unanswered else "nothing to do"
    lines = [f"{count}, {ran}"]
    for what, rows in (("unanswered", summary.unanswered), ("broken", summary.broken)):
        lines += [f"{what}: {name}: {why}" for name, why in rows[:LINES]]
        if len(rows) > LINES:
            lines.append(f"{what}: … and {len(rows) - LINES} more")
    return lines


def show_plan(chosen: Chosen, *, fresh: bool = False, all_probes: bool = False) -> int:
    """Print the cells, and which of them have an answer."""
    asked = chosen.read()
    planned, root = chosen.cells(asked), chosen.results_folder(asked)
    shop = fleet.workshop(lock.load(), source(asked), all_probes=all_probes)
    rows = fleet.todo(planned, shop, root, fresh=fresh)
    width = max(len(one.name) for one, _ in rows)
    for one, why in rows:
        print(f"{one.name:<{width}}  {f'to run: {why}' if why else 'answered'}")
    for line in summed(chosen.left_out(asked)):
        print(f"left out: {line}")
    waiting = [one for one, why in rows if why]
    took = load.earlier(planned, root)
    total = f"{len(rows)} cell{'s' * (len(rows) != 1)}: {len(rows) - len(waiting)} answered, {len(waiting)} to run"
    known = [took[one.name] for one in waiting if one.name in took]
    if known:
        total += f" (about {roughly(sum(known) / len(known) * len(waiting) / chosen.guests(asked))})"
    print(total)
    return OK


def summed(absent: Iterable[LeftOut]) -> list[str]:
    """Return what cannot be, as lines; architectures that lack the same thing for the same reason share one."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in absent:
        what, _, arch = one.what.partition(" on ")
        found.setdefault((what, one.why.replace(f" for {arch}", "")), []).append(arch)
    return [f"{what} on {', '.join(arches)}: {why}" for (what, why), arches in found.items()]


def open_shell(name: str, *, offline: bool = False, yes: bool = False) -> int:
    """Open an interactive shell in the guest of one cell; the guest goes away with it."""
    go_offline(offline)
    asked = Chosen().read()
    one = plan.cell_named(name, lock.load())
    doctor.ensure([*doctor.GUESTS, *doctor.of_arch(one.arch, [one.variant])], yes=yes)
    shop = fleet.workshop(lock.load(), source(asked))
    with shown(Board()):
        kept = kept_accels(asked.results).get(one.arch.name, "")
        prepared = shop.prepare(one, cells.accelerator(one, shop, kept))
        guest = start(one, prepared)
    with guest:
        say(f"{one.name} in QEMU {accel.version(one.arch)}; the checker is {PATH}; leave with exit")
        return guest.session.shell()
