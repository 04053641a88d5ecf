"""The pages of the site: for each its path, its template, and what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from farm.diff import Diff
from farm.report import links, programs, upgrade_page
from farm.report.behaviour import behaviour_view
from farm.report.changes import HEADINGS, ChangeView, DiffView, Section, diff_view
from farm.report.inputs import digest
from farm.report.kernel import KernelView, config_rows, coverage, kernel_view
from farm.report.matrix import matrix
from farm.report.model import BASE_VARIANT, Place, Site
from farm.report.order import SWEEP, call_of
from farm.report.overviews import overviews
from farm.report.render import Page, render, render_alone
from farm.report.sweeps import Sweep, sweep_view

LATEST = 14  # behaviours that changed in the newest pair, as the index shows them


@dataclass(frozen=True, slots=True)
class Headline:
    """A behaviour that changed: its first change, and how many more there are."""

    behaviour: str
    change: ChangeView
    more: int


def pages(site: Site) -> Iterator[Page]:
    """Yield every page; the index comes last: what could not be read shows at times only when it is asked for."""
    of = site.inputs
    for old, new in site.pairs:
        yield Page(links.diff_path(old, new), partial(pair_page, site, old, new), of.kernels(old, new))
    for name in site.behaviours:
        yield Page(links.behaviour_path(name), partial(behaviour_page, site, name), of.behaviour(name))
    verdicts = digest(str(site.verdict(name)) for name in site.behaviours)
    for place in site.places:
        yield Page(links.matrix_path(place), partial(matrix_page, site, place), of.place(place, verdicts))
    for name in site.kernels:
        yield Page(links.kernel_path(name), partial(kernel_page, site, name), of.kernels(name))
    yield from overviews(site)
    yield from (Page(*one) for one in upgrade_page.pages(site))
    yield Page("index.html", partial(index_page, site), of.everything)


def by_arch(places: list[Place]) -> dict[str, list[Place]]:
    """Return places by architecture."""
    found: dict[str, list[Place]] = {}
    for place in places:
        found.setdefault(place[0], []).append(place)
    return found


def index_page(site: Site) -> str:
    """Render the index: the newest changes, the base matrix, and what was run."""
    base = next((place for place in site.places if place[1] == BASE_VARIANT), next(iter(site.places), None))
    newest = next(iter(site.pairs), None)
    latest = diff_view(site, site.diff(*newest)) if newest else None
    shown = _shown(latest)
    arches = list(dict.fromkeys(arch for arch, _ in site.places))
    return render(
        site,
        "index.html.j2",
        "index.html",
        latest=latest,
        shown=shown,
        shown_count=sum(1 + line.more for _, lines in shown for line in lines),
        pairs=[_line(site, *pair) for pair in site.pairs],
        table=matrix(site, base) if base else None,
        places=site.places,
        by_arch=by_arch(site.places),
        kernels=site.kernels,
        coverage={kernel: [coverage(site, kernel, arch) for arch in arches] for kernel in site.kernels},
        answered=len(site.answered),
        cell_count=len(site.expected),
        arches=arches,
        variants=len({variant for _, variant in site.places}),
        records=sum(len(cell.records) for cell in site.stored.cells.values()),
        problems=site.stored.problems,
        programs=[one.program for one in programs.profiles().values()],
    )


def _shown(latest: DiffView | None) -> list[tuple[Section, list[Headline]]]:
    """Return what changed by behaviour: all the unexplained ones come before any other, sweeps after calls."""
    left = LATEST
    found = []
    for section in latest.sections if latest else ():
        behaviours = sorted(section.behaviours.items(), key=lambda item: item[0].startswith(SWEEP))
        lines = [Headline(name, changes[0], len(changes) - 1) for name, changes in behaviours][:left]
        left -= len(lines)
        if lines:
            found.append((section, lines))
    return found


def _line(site: Site, old: str, new: str) -> dict[str, object]:
    """Return what the list of pairs says of one; `where` only if it is not every architecture."""
    arches = site.pairs[old, new]
    everywhere = len(arches) == len({arch for arch, _ in site.places})
    where = "" if everywhere else ", ".join(arches)
    return {"old": old, "new": new, "summary": site.pair(old, new), "where": where}


def matrix_page(site: Site, place: Place) -> str:
    """Render the matrix of one architecture and variant."""
    values = {"table": matrix(site, place), "by_arch": by_arch(site.places)}
    return render(site, "matrix.html.j2", links.matrix_path(place), **values)


def behaviour_page(site: Site, name: str) -> str:
    """Render the page of one behaviour."""
    sweep = Sweep(site, name) if name.startswith(SWEEP) else None
    shown = sweep_view(sweep, sweep.newest) if sweep and sweep.cells else None
    values = {"view": behaviour_view(site, name), "sweep": shown}
    return render(site, "behaviour.html.j2", links.behaviour_path(name), **values)


def kernel_page(site: Site, name: str) -> str:
    """Render the page of one kernel."""
    view = kernel_view(site, name)
    oopses = [one for one in view.cells if one.cell and one.cell.info.oopses]
    return render(site, "kernel.html.j2", links.kernel_path(name), view=view, oopses=oopses, gaps=_gaps(view))


def _gaps(view: KernelView) -> dict[str, list[str]]:
    """Return the probes without an answer in answered cells, by reason."""
    gaps: dict[str, list[str]] = {}
    for one in view.cells:
        for record in one.cell.records.values() if one.cell else ():
            if not record.end.is_answer:
                why = f"{'/'.join(one.place)}: {record.end}, {record.why}"
                gaps.setdefault(why, []).append(record.probe)
    return gaps


def pair_page(site: Site, old: str, new: str) -> str:
    """Render the diff of two kernels of the site."""
    view = diff_view(site, site.diff(old, new))
    alike = [pair for pair in site.pairs if site.alike(*pair) and site.alike(pair[0], old)]
    before = next((pair for pair in alike if pair[1] == old), None)
    after = next((pair for pair in alike if pair[0] == new), None)
    values = {
        "view": view,
        "arches": site.pairs[old, new],
        "anchored": anchored(view),
        "first": first_of_calls(view),
        "config": config_rows(site, old, new) if view.across else {},
        "before": links.diff_href(*before) if before else "",
        "after": links.diff_href(*after) if after else "",
    }
    return render(site, "diff.html.j2", links.diff_path(old, new), **values)


def alone_page(site: Site, diff: Diff) -> str:
    """Render a diff as one page that stands alone."""
    view = diff_view(site, diff)
    config = config_rows(site, diff.old, diff.new) if view.across else {}
    arches = dict.fromkeys(arch for arch, _ in diff.cells)
    values = {
        "view": view,
        "anchored": anchored(view),
        "first": first_of_calls(view),
        "config": config,
        "before": "",
        "after": "",
    }
    return render_alone(site, "diff.html.j2", **values, arches=list(arches))


def first_of_calls(view: DiffView) -> dict[str, str]:
    """Return the first behaviour of each system call on the page."""
    names = (name for section in view.sections for name in section.behaviours)
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(call_of(name), name)
    return found


def anchored(view: DiffView) -> dict[str, set[str]]:
    """Return for each label the behaviours whose anchor an earlier section has: an id stands once on a page."""
    found: dict[str, set[str]] = {}
    known: set[str] = set()
    for label in HEADINGS:
        section = next((one for one in view.sections if one.label == label), None)
        found[label] = set(known)
        known |= section.behaviours.keys() if section else set()
    return found
