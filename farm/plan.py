"""matrix.yaml, narrowed by the command line → cells."""

from __future__ import annotations

import re
from collections.abc import Collection
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


def cells(matrix: Matrix, lock: Lock, wanted: Narrow = Narrow()) -> list[Cell]:
    """Return the cells: kernel by kernel in the order asked for, each on its architectures in its variants."""
    found: dict[str, Cell] = {}
    for name in wanted.kernels or matrix.kernels:
        for arch in (ARCHES[name] for name in wanted.arches or matrix.arches):
            for flavour in matrix.flavours or (arch.flavour,):
                kernel = _find(lock, name, arch, flavour, "--kernels" if wanted.kernels else matrix.path.name)
                for variant in wanted.variants or matrix.variants:
                    cell = Cell(kernel, arch, VARIANTS[variant])
                    found.setdefault(cell.name, cell)
    return list(found.values())


def _find(lock: Lock, name: str, arch: Arch, flavour: str, where: str) -> Kernel:
    try:
        return lock.find(name, arch.name, flavour)
    except PlanError as error:
        raise PlanError(f"{where}: {error.message}", hint=f"{error.hint}; ./inv kernels shows them all") from error


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
    return Cell(lock.find(kernel, arch.name, arch.flavour), arch, VARIANTS[variant])
