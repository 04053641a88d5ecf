"""The pages that look across kernels and architectures: tracker, architectures, timeline, sweeps, method."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from farm.arches import ARCHES
from farm.report import links
from farm.report.across import Across
from farm.report.arch import arch_names, arch_view, method
from farm.report.feed import PATH, feed
from farm.report.inputs import digest
from farm.report.model import BASE_VARIANT, Place, Site
from farm.report.render import Page, render
from farm.report.sweeps import Sweep, sweep_view
from farm.report.timeline import timeline
from farm.report.tracker import Tracker, dax_words, evidence_href, tracker
from farm.report.tracker_json import tracker_json


def overviews(site: Site) -> Iterator[Page]:
    """Yield all of them."""
    whole = site.inputs.everything
    found = cache(partial(tracker, site))
    yield Page("tracker.html", lambda: tracker_page(site, found()), whole)
    yield Page("tracker.json", lambda: tracker_json(found()), whole)
    yield Page(PATH, partial(feed, site), digest((whole, site.base)))
    yield Page("timeline.html", partial(timeline_page, site), whole)
    yield Page("method.html", partial(method_page, site), whole)
    for name in arch_names(site):
        cells = site.inputs.cells(key for key in site.stored.cells if key[1] == name)
        yield Page(links.arch_path(name), partial(arch_page, site, name), cells)
    yield from across_pages(site)
    if site.sweeps:
        yield from sweep_pages(site)


def tracker_page(site: Site, found: Tracker) -> str:
    """Render the DAX tracker."""
    words = dax_words(site.catalogue)
    asking = {probe.behaviour for probe in site.catalogue.probes.values() if words & set(probe.needs)}
    values = {
        "tracker": found,
        "turns": [(board, *turn) for board in found.boards for turn in board.turns],
        "needs": {arch.name: arch.because for arch in ARCHES.values()},
        "more": [(site.behaviours[name], site.verdict(name)) for name in site.behaviours if name in asking],
    }
    return render(site, "tracker.html.j2", "tracker.html", **values, evidence_href=evidence_href)


def timeline_page(site: Site) -> str:
    """Render the timeline."""
    return render(site, "timeline.html.j2", "timeline.html", pictures=timeline(site))


def method_page(site: Site) -> str:
    """Render what was run, how, and what that does not say."""
    values = {
        "method": method(site),
        "arch_views": [arch_view(site, name) for name in arch_names(site)],
        "answered": len(site.answered),
        "cell_count": len(site.expected),
        "probes": len(site.catalogue.probes),
    }
    return render(site, "method.html.j2", "method.html", **values)


def arch_page(site: Site, name: str) -> str:
    """Render the page of one architecture."""
    values = {"view": arch_view(site, name), "arches": arch_names(site), "kernels": site.kernels}
    return render(site, "arch.html.j2", links.arch_path(name), **values)


def across_pages(site: Site) -> Iterator[Page]:
    """Yield the comparison of architectures: the newest version that most of them ran, and each version's own page."""
    whole = site.inputs.cells(key for key in site.stored.cells if key[2] == BASE_VARIANT)
    found = Across(site)
    yield Page("arches.html", partial(across_page, site, found), whole)
    for name in found.versions():
        yield Page(links.across_path(name), partial(across_page, site, found, name), whole)


def across_page(site: Site, found: Across, own: str = "") -> str:
    """Render the comparison of architectures on one version, or the overview of all."""
    versions = found.versions()
    most = max((len({one.arch for one in columns}) for columns in versions.values()), default=0)
    first = next((name for name, columns in versions.items() if len({one.arch for one in columns}) == most), "")
    chosen = own or first
    tables = [found.table(chosen, versions[chosen])] if chosen else []
    values = {
        "own": own,
        "tables": tables,
        "arches": arch_names(site),
        "versions": []
        if own
        else [(name, columns, len(found.differing(columns))) for name, columns in versions.items()],
        "releases": []
        if own
        else [found.table(name, columns, alike=False) for name, columns in found.series().items()],
    }
    return render(site, "across.html.j2", links.across_path(own) if own else "arches.html", **values)


def sweep_pages(site: Site) -> Iterator[Page]:
    """Yield the list of sweeps, and the map of each sweep in each cell that has answers to it."""
    sweeps = [Sweep(site, name) for name in site.sweeps]
    yield Page("sweeps.html", partial(sweeps_page, site, sweeps), site.inputs.everything)
    for sweep in sweeps:
        for place, kernels in sweep.cells.items():
            column = digest((site.inputs.place(place, *kernels), *map(str, sweep.cells)))
            for kernel in kernels:
                path = links.sweep_path(sweep.behaviour, kernel, place)
                yield Page(path, partial(sweep_page, sweep, (kernel, place)), digest((path, column)))


def sweep_page(sweep: Sweep, where: tuple[str, Place]) -> str:
    """Render one map, with ways to other kernels here and to other places of this kernel."""
    kernel, place = where
    values = {
        "sweep": sweep_view(sweep, where),
        "kernels": sweep.cells[place],
        "places": [place for place, kernels in sweep.cells.items() if kernel in kernels],
    }
    return render(sweep.site, "sweep_cell.html.j2", links.sweep_path(sweep.behaviour, *where), **values)


def sweeps_page(site: Site, sweeps: list[Sweep]) -> str:
    """Render the list of sweeps."""
    views = [(sweep_view(sweep, sweep.newest), sweep.cells) for sweep in sweeps if sweep.cells]
    says = {name: site.behaviours[name].says for name in site.sweeps}
    return render(site, "sweeps.html.j2", "sweeps.html", views=views, says=says)
