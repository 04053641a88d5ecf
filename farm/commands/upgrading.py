"""upgrade: what changes for a program from one kernel to another; cells that the answer lacks are run first."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm import catalogue, diff, lock, matrix, plan, profile, report, results, upgrade
from farm.arches import ARCHES
from farm.commands.chosen import Chosen, go_offline
from farm.commands.running import run_cells
from farm.diff import Only
from farm.errors import PlanError
from farm.lock import Lock
from farm.matrix import Matrix
from farm.plan import Cell
from farm.program import say
from farm.results import Results
from farm.runner import FleetOptions
from farm.sources import host
from farm.types import Kernel
from farm.variants import VARIANTS

FORMATS = ("text", "html")
INCOMPLETE = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for; FROM and TO empty mean the running kernel and the one that apt would install."""

    old: str = ""
    new: str = ""
    profile: str = ""
    arch: str = ""
    results: str = ""
    shape: str = "text"
    out: str = ""

    def checked(self) -> Asked:
        """Raise PlanError where an option cannot be meant."""
        if self.shape not in FORMATS:
            raise matrix.unknown("format", self.shape, FORMATS, "--format")
        if bool(self.old) != bool(self.new):
            raise PlanError("two kernels are expected, or none", hint="./inv upgrade 6.12 7.3")
        return self


def show_upgrade(typed: Asked, *, run: bool = True, offline: bool = False, yes: bool = False) -> int:
    """Print what changes; 0 nothing, 1 something, 2 not comparable or cells missing."""
    go_offline(offline)
    typed.checked()
    known = profile.load(Path(typed.profile)) if typed.profile else None
    asked, arch = matrix.read(), arch_of(typed.arch)
    root = Chosen(results=typed.results).results_folder(asked)
    stored, locked = results.scan(root), lock.load()
    names = (typed.old, typed.new) if typed.old else host.upgrade(arch)
    kernels = [side(name, stored, locked, arch) for name in names]
    locked = Lock((*kernels, *locked.kernels), locked.root)
    lacking = lacking_cells(stored, kernels, asked, arch)
    if lacking and run:
        say(f"{cells_text(lacking)} needed for the answer and run first")
        summary = run_cells(lacking, asked, FleetOptions(jobs=Chosen().guests(asked), results=root), locked, yes=yes)
        for name, why in (*summary.unanswered, *summary.broken):
            say(f"{name}: {why}")
        stored = results.scan(root)
        lacking = lacking_cells(stored, kernels, asked, arch)
    answer = answered(stored, kernels, arch, known)
    write(typed, answer, stored)
    if lacking:
        say(f"{cells_text(lacking)} missing for the whole answer; run: {command(lacking, typed)}")
    return INCOMPLETE if lacking else answer.exit_status


def answered(stored: Results, kernels: Sequence[Kernel], arch: str, known: profile.Profile | None) -> upgrade.Answer:
    """Compare the two kernels on one architecture, across flavours where they differ in that."""
    claims = catalogue.load()
    old, new = kernels
    notes = []
    if old.flavour != new.flavour:
        notes.append(f"two flavours, {old.flavour} and {new.flavour}: the configuration differs beside the code")
    only = Only((arch,), across=("flavour",) if notes else ())
    found = diff.compare(stored, claims, old.name, new.name, only)
    return upgrade.answer(found, upgrade.Toucher(claims, known) if known else None, tuple(notes))


def write(typed: Asked, answer: upgrade.Answer, stored: Results) -> None:
    """Print the answer, or write it to a file."""
    if typed.shape == "html":
        text = report.upgrade_alone(answer, stored, catalogue.load())
    else:
        text = upgrade.as_text(answer, f"./inv diff {answer.diff.old} {answer.diff.new}")
    if typed.out:
        Path(typed.out).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def arch_of(typed: str) -> str:
    """Return the architecture that is asked about: the one named, else this machine's."""
    if typed:
        return plan.known_arches(typed, "--arch")[0]
    names = {"aarch64": "arm64", "ppc64le": "ppc64el", "i686": "i386", "armv7l": "armhf", "loongarch64": "loong64"}
    here = names.get(platform.machine(), platform.machine())
    if here not in ARCHES:
        raise PlanError(f"the farm does not know this machine's architecture, {here}", hint="--arch names another")
    return here


def side(name: str, stored: Results, locked: Lock, arch: str) -> Kernel:
    """Return the kernel that a name means: an answered one, else a locked one; `host:` is this machine's own."""
    if name == host.PREFIX:
        return host.kernel(arch)
    try:
        choice = diff.resolve(stored, name, arch)
    except PlanError as error:
        try:
            return locked.find(name, arch, None if "@" in name else ARCHES[arch].flavour)
        except PlanError as other:
            raise PlanError(
                f"{name!r:.80} is neither answered nor locked for {arch}: {other.message}",
                hint=f"{error.hint}; another build: name it in matrix.yaml, then ./inv kernels --update",
            ) from other
    if choice.note:
        say(choice.note)
    return next(cell.info.kernel for key, cell in stored.cells.items() if key[:2] == (choice.kernel, arch))


def lacking_cells(stored: Results, kernels: Sequence[Kernel], asked: Matrix, arch: str) -> list[Cell]:
    """Return the cells of the default matrix's variants that have no answer, or answers of different probes."""
    found: list[Cell] = []
    for variant in asked.variants:
        if any(VARIANTS[variant].refused(arch, one.flavour) for one in kernels):
            continue
        cells = [stored.cell(kernel.name, arch, variant) for kernel in kernels]
        families = [cell.info.families if cell and cell.info.answered else None for cell in cells]
        unlike = None not in families and families[0] != families[1]
        pairs = zip(kernels, families, strict=True)
        found += [Cell(one, ARCHES[arch], VARIANTS[variant]) for one, has in pairs if has is None or unlike]
    return found


def cells_text(cells: Sequence[Cell]) -> str:
    """Return how many cells there are, as the beginning of a sentence."""
    return f"{len(cells)} cell{'s are' if len(cells) != 1 else ' is'}"


def command(lacking: Sequence[Cell], typed: Asked) -> str:
    """Return the command that runs some cells."""
    kernels = ",".join(dict.fromkeys(cell.kernel.name for cell in lacking))
    variants = ",".join(dict.fromkeys(cell.variant.name for cell in lacking))
    if any(cell.kernel.source == host.SOURCE for cell in lacking):
        return " ".join(filter(None, ("./inv upgrade", typed.old, typed.new, f"--arch {lacking[0].arch.name}")))
    where = f" --results {typed.results}" if typed.results else ""
    return f"./inv matrix --kernels {kernels} --arches {lacking[0].arch.name} --variants {variants}{where}"
