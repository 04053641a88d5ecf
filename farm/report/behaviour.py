"""A behaviour's page: what is claimed, what each probe saw on every kernel at every place, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from farm.catalogue import Behaviour, Claim, Probe
from farm.diff import where_text
from farm.judge import Judgement, Summary, Verdict, spans
from farm.report.evidence import TRACES, ManPage, Trace, man_pages, rerun, source, traces
from farm.report.grid import Grid, Row, always, grid
from farm.report.matrix import COLOURS, Cell, letter
from farm.report.model import Place, Site
from farm.report.order import SWEEP
from farm.report.traces import Line, side_by_side
from farm.report.values import NOT_ASKED
from farm.types import Ending

PAIRS = 8  # traces side by side for one probe; how many more there are is said
Word = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ValueView:
    """One value of a probe: its ending, the words that tell it from the others, and where it was seen."""

    letter: str
    colour: str
    end: Ending
    words: tuple[Word, ...]
    why: str
    seen: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One row of the probe's table."""

    where: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two traces that prove a difference: of two kernels, or of two places."""

    old: str
    new: str
    where: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class ProbeView:
    """One probe of the page."""

    id: str
    probe: Probe | None
    claims: tuple[str, ...]
    verdict: Summary
    columns: tuple[str, ...]
    always: tuple[Word, ...]
    values: tuple[ValueView, ...]
    series: tuple[Series, ...]
    pairs: tuple[Pair, ...]
    more_pairs: int
    traces: tuple[Trace, ...]
    more_traces: int
    source: tuple[str, ...]
    rerun: str

    @property
    def name(self) -> str:
        """The last part of the id."""
        return self.id.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class BehaviourView:
    """The whole page; `not_asked` are probes of the catalogue that no cell has a record of."""

    behaviour: Behaviour
    verdict: Summary
    probes: tuple[ProbeView, ...]
    not_asked: tuple[str, ...]
    man: tuple[ManPage, ...]


def behaviour_view(site: Site, name: str) -> BehaviourView:
    """Return what the page of one behaviour shows."""
    behaviour = site.behaviours[name]
    verdict = site.verdicts.of(behaviour)
    start = site.slices[name].start
    grids = [grid(site, probe, start + n) for n, probe in enumerate(behaviour.probes)]
    probes = tuple(probe_view(one) for one in grids if one.rows)
    not_asked = tuple(one.probe for one in grids if not one.rows)
    sources = (source for one in probes if one.probe for source in one.probe.source)
    man = tuple(man_pages(sources, behaviour.condition))
    return BehaviourView(behaviour, verdict, probes, not_asked, man)


def claim_text(claim: Claim) -> str:
    """Return a claim as a reader writes it: "since 5.7: mmap ok, resident all"."""
    conditions = [f"since {' / '.join(claim.since)}"] if claim.since else []
    conditions += [f"before {' / '.join(claim.until)}"] if claim.until else []
    conditions += [f"on {', '.join(claim.arch)}"] if claim.arch else []
    words = ", ".join(f"{word} {' or '.join(str(v) for v in allowed)}" for word, allowed in claim.words.items())
    return f"{', '.join(conditions) or 'always'}: {words}"


def probe_view(found: Grid) -> ProbeView:
    """Return what the page shows of one probe."""
    probe = found.site.catalogue.probes.get(found.probe)
    records = [found.record(number) for number in found.letters]
    shared = always([record for record in records if record.end in {Ending.ANSWERED, Ending.DIED, Ending.HUNG}])
    pairs = [] if found.probe.startswith(SWEEP) else list(_pairs(found))
    every = [] if found.probe.startswith(SWEEP) else traces(found)
    return ProbeView(
        id=found.probe,
        probe=probe,
        claims=tuple(claim_text(claim) for claim in probe.claims) if probe else (),
        verdict=found.site.verdicts.of_probe(found.probe),
        columns=tuple(found.columns),
        always=tuple((word, str(value)) for word, value in shared),
        values=tuple(_value(found, number, {word for word, _ in shared}) for number in found.letters),
        series=tuple(_series(found, row) for row in found.rows),
        pairs=tuple(pairs[:PAIRS]),
        more_pairs=max(0, len(pairs) - PAIRS),
        traces=tuple(every[:TRACES]),
        more_traces=max(0, len(every) - TRACES),
        source=tuple(source(found.probe, probe.family)) if probe else (),
        rerun=rerun(found),
    )


def _value(found: Grid, number: int, shared: set[str]) -> ValueView:
    """Describe one value: its own words, where it was seen, and what the claims say of it."""
    record = found.record(number)
    position = found.letters[number]
    return ValueView(
        letter=letter(position),
        colour=f"g{position % COLOURS}" if record.end.is_answer else "no",
        end=record.end,
        words=tuple((word, str(value)) for word, value in record.saw.items() if word not in shared),
        why=_why(found, number),
        seen=tuple(found.seen(number)),
        notes=_notes(found, number),
    )


def _why(found: Grid, number: int) -> str:
    """Return why a value is no answer of its own: all the reasons that its cells have, with where if they differ."""
    if found.record(number).end is Ending.ANSWERED:
        return ""
    reasons: dict[str, dict[str, list[Place]]] = {}
    for row in found.rows:
        for place in row.places:
            for kernel in (kernel for kernel, n in row.numbers.items() if n == number):
                cell = found.site.cell(kernel, place)
                why = cell.records[found.probe].why if cell else ""
                places = reasons.setdefault(why, {}).setdefault(found.site.labels[kernel], [])
                places.append(place)
    if len(reasons) == 1:
        return next(iter(reasons))
    order = found.site.label_order(found.columns)
    told = []
    for why, kernels in reasons.items():
        places = list(dict.fromkeys(place for some in kernels.values() for place in some))
        told.append(f"{why} ({spans(kernels, order)} · {where_text(places, found.places)})")
    return "; ".join(told)


def _notes(found: Grid, number: int) -> tuple[str, ...]:
    """Say where a value contradicts a claim or was not foreseen, each sentence once."""
    notes: dict[str, dict[str, None]] = {}
    answered = found.record(number).end is Ending.ANSWERED
    for kernel, arch in found.cells_of(number):
        judged = found.site.verdicts.judged(found.probe, kernel, arch, found.record(number))
        for text in judged_texts(judged, answered=answered):
            notes.setdefault(text, {})[found.site.labels[kernel]] = None
    labels = found.site.label_order(found.columns)
    return tuple(f"{text} ({spans(kernels, labels)})" for text, kernels in notes.items())


def judged_texts(judged: Judgement | None, *, answered: bool) -> Iterator[str]:
    """Yield what a reader should know of a judgement on a record that was `answered` or not."""
    if judged is not None:
        if judged.verdict is Verdict.CANNOT_SAY and judged.claimed and answered:
            yield f"∅ cannot be shown here: {judged.why}"
        yield from (f"✗ contradicted: {one}" for one in judged.contradicted)
        yield from (f"? unforeseen: {word} {value}" for word, value in judged.unforeseen)


def _series(found: Grid, row: Row) -> Series:
    """Return one row of cells; a cell that differs from the one before is marked."""
    cells: list[Cell] = []
    before: tuple[str, int] | None = None
    for kernel in found.columns:
        number = row.numbers.get(kernel)
        if number is None:
            cells.append(Cell("", "void"))
        elif not found.site.values.is_answer(number):
            cells.append(_gap(found, row, kernel, number))
        else:
            changed = before is not None and before[1] != number and found.site.alike(before[0], kernel)
            cells.append(_cell(found, row, kernel, changed=changed))
            before = kernel, number
    return Series(found.where(row), tuple(cells))


def _gap(found: Grid, row: Row, kernel: str, number: int) -> Cell:
    """Return the cell of a kernel that gave no answer here, with the reason."""
    label = found.site.labels[kernel]
    if number > NOT_ASKED:
        record = found.record(number)
        return Cell("!", "no", title=f"{label}: {record.end}, {record.why}")
    states = [found.site.state(kernel, place) for place in row.places]
    reasons = dict.fromkeys(f"{state.kind}, {state.why}" if state else "absent, no record" for state in states)
    return Cell(states[0].sign if states[0] else "!", "no", title=f"{label}: {'; '.join(reasons)}")


def _cell(found: Grid, row: Row, kernel: str, *, changed: bool) -> Cell:
    """Return the cell of one value; signs say that it died, or that it is not as claimed."""
    number = row.numbers[kernel]
    record = found.record(number)
    position = found.letters[number]
    judged = [
        found.site.verdicts.judged(found.probe, kernel, arch, record) for arch in {arch for arch, _ in row.places}
    ]
    against = any(one is not None and one.contradicted for one in judged)
    classes = f"g{position % COLOURS}" + " new" * changed + " unmet" * (record.end is Ending.UNMET)
    fatal = record.end in {Ending.DIED, Ending.HUNG}
    return Cell(letter(position) + "†" * fatal + "✗" * against, classes)


def _pairs(found: Grid) -> Iterator[Pair]:
    """Yield the traces that prove each change between kernels, then those between places."""
    labels = found.site.labels
    for old, new, place in found.changes():
        lines = side_by_side(trace(found.site, found.probe, old, place), trace(found.site, found.probe, new, place))
        yield Pair(labels[old], labels[new], "/".join(place), tuple(lines))
    for kernel, one, other in found.disagreements():
        lines = side_by_side(trace(found.site, found.probe, kernel, one), trace(found.site, found.probe, kernel, other))
        yield Pair("/".join(one), "/".join(other), labels[kernel], tuple(lines))


def trace(site: Site, probe: str, kernel: str, place: Place) -> tuple[str, ...]:
    """Return one trace, empty where there is none."""
    cell = site.cell(kernel, place)
    return cell.trace(probe) if cell else ()
