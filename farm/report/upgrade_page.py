"""What an upgrade changes for a program, as a page: one that stands alone, and those of the shipped profiles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from farm import upgrade
from farm.diff import Diff, Group, Only, by_behaviour, by_reason, compare, counts, missing_text
from farm.profile import Profile
from farm.report import links, programs
from farm.report.changes import HEADINGS, ChangeView, change_view
from farm.report.model import Site
from farm.report.render import render, render_alone
from farm.upgrade import Answer, Toucher

TEMPLATE = "upgrade.html.j2"


@dataclass(frozen=True, slots=True)
class Block:
    """The changes of one behaviour, under how often the program does what changed; `id` is empty where it is taken."""

    behaviour: str
    id: str
    touch: str
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """All changes of one label that touch the program."""

    label: str
    title: str
    says: str
    count: int
    blocks: tuple[Block, ...]


def values(site: Site, answer: Answer) -> dict[str, object]:
    """Return what the template shows."""
    blocks = Blocks(site, answer)
    sections = []
    for label, (title, says) in HEADINGS.items():
        chosen = [one for one in answer.touched if one.group.label == label]
        if chosen:
            behaviours = upgrade.by_touch(chosen).items()
            made = tuple(blocks.make(name, [one.group for one in same], how) for (name, how), same in behaviours)
            sections.append(Section(label, title, says, len(chosen), made))
    pair = answer.diff.old, answer.diff.new
    return {
        "answer": answer,
        "sections": sections,
        "every": [blocks.make(name, same) for name, same in by_behaviour(answer.every).items()],
        "summary": upgrade.summary(answer),
        "counts": counts(one.group for one in answer.touched),
        "times": upgrade.times_text,
        "reasons": upgrade.LEFT_OUT,
        "missing": [(why, missing_text(same)) for why, same in by_reason(answer.missing).items()],
        "uses": by_call(answer.profile) if answer.profile else {},
        "diff_href": links.href(links.diff_path(*pair)),
        "linked": pair in site.pairs,
    }


@dataclass(slots=True)
class Blocks:
    """Makes blocks; the first one of a behaviour gets its id."""

    site: Site
    answer: Answer
    _taken: set[str] = field(default_factory=set)

    def make(self, behaviour: str, groups: Iterable[Group], touch: str = "") -> Block:
        """Return the block of some changes of one behaviour."""
        anchor = "" if behaviour in self._taken else behaviour
        self._taken.add(behaviour)
        return Block(behaviour, anchor, touch, tuple(change_view(self.site, self.answer.diff, one) for one in groups))


def by_call(known: Profile) -> dict[str, list[tuple[str, int]]]:
    """Return what a profile counts: for each call its flags, for files their paths."""
    found: dict[str, list[tuple[str, int]]] = {}
    for use in known.uses:
        flags = "(not told)" if use.flags is None else " | ".join(sorted(use.flags)) or "(none)"
        found.setdefault(use.call, []).append((flags, use.times))
    if known.files:
        found["files opened"] = sorted(known.files.items(), key=lambda item: (-item[1], item[0]))
    return found


def alone_page(site: Site, answer: Answer) -> str:
    """Render an answer as one page that needs no other file."""
    return render_alone(site, TEMPLATE, **values(site, answer))


@dataclass(slots=True)
class Upgrades:
    """The pages of the shipped profiles, each for every pair of the site's main kernels; each pair compared once."""

    site: Site
    _diffs: dict[tuple[str, str], Diff] = field(default_factory=dict)
    _touchers: dict[str, Toucher] = field(default_factory=dict)

    def answer(self, program: str, old: str, new: str) -> Answer:
        """Return what changes for a program of the shipped profiles."""
        if (old, new) not in self._diffs:
            only = Only((programs.arch(self.site),))
            self._diffs[old, new] = compare(self.site.stored, self.site.catalogue, old, new, only)
        if program not in self._touchers:
            self._touchers[program] = Toucher(self.site.catalogue, programs.profiles()[program])
        return upgrade.answer(self._diffs[old, new], self._touchers[program])

    def counts(self, program: str, old: str, new: str) -> list[int]:
        """Return how many changes touch a program: all, the unexplained ones; those for all, what is missing."""
        found = self.answer(program, old, new)
        unexplained = sum(one.group.label == "unexplained" for one in found.touched)
        return [len(found.touched), unexplained, len(found.every), len(found.missing)]

    def page(self, program: str, old: str, new: str) -> str:
        """Render the page of one program and pair."""
        shown = values(self.site, self.answer(program, old, new))
        return render(self.site, TEMPLATE, links.upgrade_path(program, old, new), **shown)

    def list_page(self) -> str:
        """Render the table of programs and pairs, the newest pair first."""
        rows = []
        for old, new in programs.pairs(self.site):
            cells = []
            for program in programs.profiles():
                href = links.href(links.upgrade_path(program, old, new))
                make = partial(self.counts, program, old, new)
                key = inputs(self.site, {old, new})
                cells.append((href, *self.site.memo.value(number_of(program, old, new), key, make)))
            rows.append((old, new, cells))
        shown = {"profiles": programs.profiles(), "rows": rows, "arch": programs.arch(self.site)}
        return render(self.site, "upgrades.html.j2", programs.LIST, **shown)


def pages(site: Site) -> Iterator[tuple[str, Callable[[], str], str]]:
    """Yield path, renderer and inputs of each upgrade's page and of their list; none without pairs or profiles."""
    made = Upgrades(site)
    pairs = programs.pairs(site)
    for program in programs.profiles() if pairs else ():
        for old, new in pairs:
            make = partial(made.page, program, old, new)
            site.memo.get(number_of(program, old, new), inputs(site, {old, new}))  # what nobody asks for is forgotten
            yield links.upgrade_path(program, old, new), make, inputs(site, {old, new})
    if programs.there(site):
        yield programs.LIST, made.list_page, inputs(site, {kernel for pair in pairs for kernel in pair})


def number_of(program: str, old: str, new: str) -> str:
    """Return the name under which a page's numbers are remembered for the list."""
    return f"upgrade {program} {old} {new}"


def inputs(site: Site, kernels: Collection[str]) -> str:
    """Return the digest of what programs meet on some kernels."""
    on = programs.arch(site)
    cells = (key for key in site.stored.cells if key[0] in kernels and key[1] == on)
    return site.inputs.cells(cells, *sorted(kernels))
