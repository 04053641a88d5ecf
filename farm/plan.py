"""matrix.yaml, narrowed by the command line → cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from farm.arches import ARCHES, Arch
from farm.errors import PlanError
from farm.lock import Lock
from farm.matrix import Matrix, unknown
from farm.types import Kernel
from farm.variants import VARIANTS, Variant


@dataclass(frozen=True, slots=True)
class Cell:
    """The unit of work, of caching and of retry."""

    kernel: Kernel
    arch: Arch
    variant: Variant

    @property
    def name(self) -> str:
        """`<kernel>/<arch>/<variant>`: also the cell's folder under results/."""
        return f"{self.kernel.name}/{self.arch.name}/{self.variant.name}"


@dataclass(frozen=True, slots=True)
class Narrow:
    """What the command line asks for instead of the file's own lists; an empty list leaves the file's."""

    kernels: tuple[str, ...] = ()
    arches: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()


def listed(option: str) -> tuple[str, ...]:
    """Return the words of an option's value: "6.1,6.12" → ("6.1", "6.12"); each once, in the order given."""
    return tuple(dict.fromkeys(filter(None, re.split(r"[,\s]+", option))))


def narrow(kernels: str = "", arches: str = "", variants: str = "") -> Narrow:
    """Read the options --kernels, --arches and --variants; PlanError where a name is not known."""
    return Narrow(listed(kernels), known_arches(arches, "--arches"), known_variants(variants, "--variants"))


def known_arches(option: str, where: str) -> tuple[str, ...]:
    """Return the architectures that an option names; PlanError where one is not known."""
    return _known("architecture", listed(option), ARCHES, where)


def known_variants(option: str, where: str) -> tuple[str, ...]:
    """Return the variants that an option names; PlanError where one is not known."""
    return _known("variant", listed(option), VARIANTS, where)


def _known(what: str, words: tuple[str, ...], known: Collection[str], where: str) -> tuple[str, ...]:
    for word in words:
        if word not in known:
            raise unknown(what, word, known, where)
    return words


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cell of the product that cannot be, or several: `what` names them, `why` is for people."""

    what: str
    why: str

    @property
    def arch(self) -> str:
        """The architecture on which it cannot be."""
        return self.what.rpartition(" on ")[2].partition("@")[0]


def cells(matrix: Matrix, lock: Lock, wanted: Narrow = Narrow()) -> list[Cell]:
    """Return the cells: kernel by kernel in the order asked for, each on its architectures in its variants.

    What an architecture cannot have is left out; PlanError where that leaves nothing of a name that was asked for.
    """
    return [one for one in product(matrix, lock, wanted) if isinstance(one, Cell)]


def left_out(matrix: Matrix, lock: Lock, wanted: Narrow = Narrow()) -> list[LeftOut]:
    """Return what of the product cannot be, each thing once, with the reason."""
    return list(dict.fromkeys(one for one in product(matrix, lock, wanted) if isinstance(one, LeftOut)))


def product(matrix: Matrix, lock: Lock, wanted: Narrow) -> list[Cell | LeftOut]:
    """Return every kernel on every architecture in every variant, as a cell or as what cannot be; each once."""
    found: dict[str, Cell | LeftOut] = {}
    arches = [ARCHES[name] for name in wanted.arches or matrix.arches]
    for name in wanted.kernels or matrix.kernels:
        where = "--kernels" if wanted.kernels else matrix.path.name
        narrowed = () if wanted.kernels else tuple(ARCHES[one] for one in matrix.arches)
        for one in _kernels(lock, name, arches, matrix.flavours, where, narrowed=narrowed):
            if isinstance(one, LeftOut):
                found[one.what] = one
                continue
            for variant in wanted.variants or matrix.variants:
                cell = Cell(one, ARCHES[one.arch], VARIANTS[variant])
                found.setdefault(cell.name, _refused(cell) or cell)
    _refuse_empty(list(found.values()), wanted)
    return list(found.values())


def _refused(cell: Cell) -> LeftOut | None:
    """Return why a cell cannot be: said for its architecture, or for kernels of its flavour alone."""
    arch, flavour = cell.kernel.arch, cell.kernel.flavour
    reason = cell.variant.refused(arch, flavour)
    where = arch if arch in cell.variant.cannot else f"{arch}@{flavour}"
    return LeftOut(f"{cell.variant.name} on {where}", reason) if reason else None


def _kernels(
    lock: Lock, name: str, arches: Sequence[Arch], flavours: Sequence[str], where: str, *, narrowed: Sequence[Arch] = ()
) -> list[Kernel | LeftOut]:
    """Return the builds that `name` means on each architecture.

    PlanError where none of them has it, nor any of those from which the command line took them.
    """
    found: list[Kernel | LeftOut] = []
    first: PlanError | None = None
    for arch in arches:
        for flavour in flavours or (arch.flavour,):
            try:
                found.append(_find(lock, name, arch, flavour, where))
            except PlanError as error:
                first = first or error
                found.append(LeftOut(f"{name} on {arch.name}", error.message.removeprefix(f"{where}: ")))
    if first and not any(isinstance(one, Kernel) for one in found):
        others = [arch for arch in narrowed if arch not in arches]
        if not others:
            raise first
        _kernels(lock, name, others, flavours, where)
    return found


def _refuse_empty(found: Sequence[Cell | LeftOut], wanted: Narrow) -> None:
    """Raise PlanError for a variant or an architecture that was asked for by name and has no cell at all."""
    for one in wanted.variants:
        if not any(isinstance(cell, Cell) and cell.variant.name == one for cell in found):
            why = next(cell.why for cell in found if isinstance(cell, LeftOut) and cell.what.startswith(f"{one} on "))
            raise PlanError(f"--variants: no {one} here: {why}", hint="./inv plan without it shows what can be")
    for name in wanted.arches:
        if not any(isinstance(cell, Cell) and cell.arch.name == name for cell in found):
            why = next(cell.why for cell in found if isinstance(cell, LeftOut) and cell.arch == name)
            raise PlanError(f"--arches: nothing to run on {name}: {why}", hint="./inv kernels shows what is locked")


def _find(lock: Lock, name: str, arch: Arch, flavour: str, where: str) -> Kernel:
    try:
        # A name may carry its flavour: 6.12@16k.
        found = lock.find(name, arch.name, None if "@" in name else flavour)
    except PlanError as error:
        raise PlanError(f"{where}: {error.message}", hint=f"{error.hint}; ./inv kernels shows them all") from error
    return usable(found, arch)


def usable(kernel: Kernel, arch: Arch) -> Kernel:
    """Return `kernel`; PlanError where the architecture table says why its answers would say nothing."""
    reason = arch.unusable.get(kernel.version)
    if reason:
        raise PlanError(f"{kernel.name} says nothing on {arch.name}: {reason}", hint="./inv kernels shows the others")
    return kernel


def cell_named(name: str, lock: Lock) -> Cell:
    """Return the cell that `<kernel>/<arch>/<variant>` names; a missing variant means plain."""
    kernel, *rest = name.strip("/").split("/")
    if not 1 <= len(rest) <= 2:
        raise PlanError(
            f"{name!r} is no cell", hint="a cell is <kernel>/<arch>/<variant>, for instance 6.12/arm64/plain"
        )
    variant = rest[1] if len(rest) > 1 else "plain"
    for what, word, known in (("architecture", rest[0], ARCHES), ("variant", variant, VARIANTS)):
        if word not in known:
            raise unknown(what, word, known, name)
    arch = ARCHES[rest[0]]
    found = lock.find(kernel, arch.name, None if "@" in kernel else arch.flavour)
    one = Cell(found, arch, VARIANTS[variant])
    if refused := _refused(one):
        raise PlanError(f"{name}: {variant} cannot be had{refused.what.removeprefix(variant)}: {refused.why}")
    usable(found, arch)
    return one
