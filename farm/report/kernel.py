"""A kernel's page: what exactly ran, how each cell ended, what the guest's log said, and its configuration."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from farm.diff import config_differences, option_value
from farm.report.model import Place, Site
from farm.results import StoredCell
from farm.types import Ending, Kernel

OPTION = re.compile(r"CONFIG_\w+")


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell of the kernel."""

    place: Place
    state: str
    why: str
    counts: tuple[tuple[Ending, int], ...]
    cell: StoredCell | None

    @property
    def total(self) -> int:
        """How many records it has."""
        return sum(count for _, count in self.counts)


@dataclass(frozen=True, slots=True)
class ConfigView:
    """Options that the catalogue names, with their value on each architecture that has this kernel."""

    option: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KernelView:
    """The whole page; `before` and `after` are its neighbours of the same flavour."""

    name: str
    label: str
    kernel: Kernel
    builds: tuple[Kernel, ...]
    releases: tuple[str, ...]
    cells: tuple[CellView, ...]
    arches: tuple[str, ...]
    config: tuple[ConfigView, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


def kernel_view(site: Site, name: str) -> KernelView:
    """Return what the page of one kernel shows."""
    cells = [cell_view(site, name, place) for place in site.places if name in site.columns(place)]
    infos = [view.cell.info for view in cells if view.cell]
    arches = tuple(dict.fromkeys(info.arch for info in infos))
    builds = {info.arch: info.kernel for info in infos}
    alike = [pair for pair in site.pairs if site.alike(*pair)]
    return KernelView(
        name=name,
        label=site.labels[name],
        kernel=site.kernels[name],
        builds=tuple(builds.values()),
        releases=tuple(dict.fromkeys(info.kernel.release for info in infos if info.answered)),
        cells=tuple(cells),
        arches=arches,
        config=tuple(_config(site, name, arches)),
        before=tuple(old for old, new in alike if new == name),
        after=tuple(new for old, new in alike if old == name),
    )


def cell_view(site: Site, kernel: str, place: Place) -> CellView:
    """Describe one cell: how it ended, and how its records did."""
    cell = site.cell(kernel, place)
    state = site.state(kernel, place)
    if state is not None:
        return CellView(place, state.kind, state.why, (), cell)
    assert cell is not None
    found = Counter(record.end for record in cell.records.values())
    return CellView(place, "answered", "", tuple((end, found[end]) for end in Ending if found[end]), cell)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of a kernel's cells on one architecture are answered; `why` names the others and their reasons."""

    arch: str
    answered: int
    total: int
    tainted: bool
    why: str


def coverage(site: Site, kernel: str, arch: str) -> Coverage | None:
    """Return what was run of a kernel on an architecture; None where nothing was."""
    known = [place for place in site.places if place[0] == arch and kernel in site.columns(place)]
    if not known:
        return None
    states = {place[1]: site.state(kernel, place) for place in known}
    cells = [cell for place in known if (cell := site.cell(kernel, place))]
    tainted = any(cell.info.tainted for cell in cells)
    whys = "; ".join(f"{variant}: {state.why}" for variant, state in states.items() if state)
    return Coverage(arch, sum(state is None for state in states.values()), len(known), tainted, whys)


def _config(site: Site, kernel: str, arches: tuple[str, ...]) -> list[ConfigView]:
    """Return the options that probes and known changes name, as this kernel has them."""
    named = {option for probe in site.catalogue.probes.values() for option in probe.config}
    named |= {option for known in site.catalogue.known for option in OPTION.findall(known.config)}
    texts = [site.stored.config(kernel, arch) for arch in arches]
    if not any(texts):
        return []
    return [
        ConfigView(option, tuple(option_value(text, option) if text else "?" for text in texts))
        for option in sorted(named)
    ]


def config_rows(site: Site, old: str, new: str) -> dict[str, list[tuple[str, str, str]]]:
    """Return by architecture the options that differ between two kernels, where both configurations are known."""
    found = {}
    for arch in dict.fromkeys(arch for arch, _ in site.places):
        sides = site.stored.config(old, arch), site.stored.config(new, arch)
        if all(sides):
            found[arch] = config_differences(*sides)
    return found
