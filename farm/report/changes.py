"""A diff's page: equal changes once, unexplained first, each with the traces that prove it."""

from __future__ import annotations

from dataclasses import dataclass

from farm.diff import (
    ENDING,
    Diff,
    Group,
    by_behaviour,
    by_reason,
    counts,
    group,
    missing_text,
    probes_text,
    summary_line,
    value_text,
    where_text,
)
from farm.report.behaviour import trace
from farm.report.mail import mail
from farm.report.model import Site
from farm.report.order import SWEEP, call_rank
from farm.report.pairs import calls
from farm.report.traces import Line, side_by_side

HEADINGS = {
    "unexplained": ("Unexplained", "No known change accounts for these: look at them first."),
    "explained": ("Explained", "Known changes, each with its origin."),
    "config": ("Configuration", "The two kernels were configured differently."),
}
WITH_TRACES = 300  # changes on one page that show their traces; the others' pages of behaviours do


@dataclass(frozen=True, slots=True)
class WordView:
    """One word's old and new value; an empty word is a change of the ending itself."""

    word: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change as a reader counts it."""

    behaviour: str
    probe: str
    probes: str
    says: str
    words: tuple[WordView, ...]
    where: str
    because: str
    fatal: bool
    lines: tuple[Line, ...]
    lines_of: str
    label: str


@dataclass(frozen=True, slots=True)
class Section:
    """All changes of one label, by behaviour."""

    label: str
    title: str
    says: str
    count: int
    behaviours: dict[str, list[ChangeView]]


@dataclass(frozen=True, slots=True)
class DiffView:
    """The whole page."""

    diff: Diff
    summary: str
    counts: dict[str, int]
    sections: tuple[Section, ...]
    missing: tuple[tuple[str, str], ...]
    across: bool
    calls: dict[str, dict[str, int]]
    mail: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many changes a reader counts."""
        return sum(self.counts.values())


def diff_view(site: Site, diff: Diff) -> DiffView:
    """Return what the page of one diff shows."""
    groups = group(diff.changes)
    sections = []
    for label, (title, says) in HEADINGS.items():
        chosen = [one for one in groups if one.label == label]
        views = {
            name: [change_view(site, diff, one, traces=n < WITH_TRACES) for n, one in enumerate(same)]
            for name, same in by_behaviour(chosen).items()
        }
        if chosen:
            sections.append(Section(label, title, says, len(chosen), views))
    missing = tuple((why, missing_text(same)) for why, same in by_reason(diff.missing).items())
    across = site.kernels[diff.old].flavour != site.kernels[diff.new].flavour
    text = mail(diff, site.labels[diff.old], site.labels[diff.new])
    by_call = dict(sorted(calls(groups).items(), key=lambda item: call_rank(item[0])))
    return DiffView(
        diff, summary_line(diff, groups), counts(groups), tuple(sections), missing, across, by_call, tuple(text)
    )


def change_view(site: Site, diff: Diff, one: Group, *, traces: bool = True) -> ChangeView:
    """Return one change for a page, with its two traces if asked for."""
    change = one.change
    probe = site.catalogue.probes.get(change.probe)
    lines: tuple[Line, ...] = ()
    place = one.where[0]
    if traces and not change.probe.startswith(SWEEP):
        old, new = (trace(site, change.probe, kernel, place) for kernel in (diff.old, diff.new))
        lines = tuple(side_by_side(old, new)) if old or new else ()
    return ChangeView(
        behaviour=change.behaviour,
        probe=change.probe,
        probes=probes_text(one),
        says=probe.says if probe else "",
        words=tuple(
            WordView("" if word.word == ENDING else word.word, value_text(word.old), value_text(word.new))
            for word in one.words
        ),
        where=where_text(one.where, diff.cells),
        because=change.because or "",
        fatal=change.old_end is not change.new_end,
        lines=lines,
        lines_of="/".join(place),
        label=one.label,
    )
