"""An architecture's page, and what the method page says of all of them: how guests are made, and what is run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import attrgetter

from farm.arches import ARCHES, Arch
from farm.report.kernel import CellView, cell_view
from farm.report.model import Place, Site
from farm.variants import VARIANTS, Variant


@dataclass(frozen=True, slots=True)
class ArchView:
    """The whole page; `arch` is None for one that the table does not have (any more)."""

    name: str
    arch: Arch | None
    kernels: tuple[str, ...]
    variants: tuple[tuple[str, str, str, str], ...]
    cells: dict[str, list[CellView | None]]
    places: tuple[Place, ...]
    cpus: tuple[str, ...]
    page_sizes: tuple[int, ...]
    roots: tuple[str, ...]


def arch_names(site: Site) -> list[str]:
    """Return the architectures of the table, and any other that has results."""
    return list(dict.fromkeys((*ARCHES, *(arch for arch, _ in site.places))))


def arch_view(site: Site, name: str) -> ArchView:
    """Return what the page of one architecture shows."""
    places = tuple(place for place in site.places if place[0] == name)
    kernels = tuple(kernel for kernel in site.kernels if any(kernel in site.columns(place) for place in places))
    infos = [cell.info for (_, arch, _), cell in site.stored.cells.items() if arch == name]
    return ArchView(
        name=name,
        arch=ARCHES.get(name),
        kernels=kernels,
        variants=tuple(_variant(site, name, variant) for variant in VARIANTS.values()),
        cells={
            kernel: [cell_view(site, kernel, place) if kernel in site.columns(place) else None for place in places]
            for kernel in kernels
        },
        places=places,
        cpus=tuple(dict.fromkeys(info.cpu for info in infos if info.cpu)),
        page_sizes=tuple(sorted({info.page_size for info in infos if info.page_size})),
        roots=tuple(dict.fromkeys(info.guest_root for info in infos if info.guest_root)),
    )


def _variant(site: Site, arch: str, variant: Variant) -> tuple[str, str, str, str]:
    """Return a variant's name, what it is, why it is not here (it cannot be, or nobody ran it), and not for whom."""
    ran = sum(key[1:] == (arch, variant.name) for key in site.stored.cells)
    flavours = [(key.partition("@")[2], why) for key, why in variant.cannot.items() if key.startswith(f"{arch}@")]
    partly = "; ".join(f"not with {flavour} kernels: {why}" for flavour, why in flavours)
    return variant.name, variant.says, variant.cannot.get(arch, "" if ran else "not run yet"), partly


_ending = attrgetter("end.value")


@dataclass(frozen=True, slots=True)
class Method:
    """What the method page tells of all cells."""

    qemu: tuple[tuple[str, int], ...]
    accel: tuple[tuple[str, int], ...]
    selections: tuple[tuple[str, int], ...]
    families: tuple[tuple[str, str, int], ...]
    endings: tuple[tuple[str, int], ...]
    first: str
    last: str


def method(site: Site) -> Method:
    """Count what the cells say of themselves; a family's digest is that of most cells, with how many have others."""
    infos = [cell.info for cell in site.stored.cells.values() if cell.info.answered]
    digests: dict[str, Counter[str]] = {}
    for info in infos:
        for family, one in info.families.items():
            digests.setdefault(family, Counter())[one] += 1
    families = [(name, found.most_common(1)[0][0], len(found) - 1) for name, found in sorted(digests.items())]
    endings: Counter[str] = Counter()
    for cell in site.stored.cells.values():
        endings.update(map(_ending, cell.records.values()))
    labels = [site.labels[kernel] for kernel in site.kernels]
    return Method(
        qemu=tuple(Counter(info.qemu for info in infos).most_common()),
        accel=tuple(Counter(info.accel for info in infos).most_common()),
        selections=tuple(Counter(info.selection for info in infos).most_common()),
        families=tuple(families),
        endings=tuple(endings.most_common()),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
    )
