"""The DAX tracker: where a mapping with MAP_SYNC is accepted, refused, or cannot be, and since which kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from farm.arches import ARCHES
from farm.catalogue import EVERYWHERE, Catalogue, Probe
from farm.diff import option_value
from farm.report.links import behaviour_href
from farm.report.model import Site
from farm.report.order import short
from farm.report.tracker_states import TOLD, WORD, Spot, came_and_went, outcome, turned
from farm.results import version_key
from farm.types import Record
from farm.variants import VARIANTS, Variant

BEHAVIOUR = "mmap.write_to_disk_directly"
PROBE = f"{BEHAVIOUR}.shared_validate"
FLAG = "MAP_SYNC"


@dataclass(frozen=True, slots=True)
class Line:
    """One device on one architecture; `cannot` is the reason for which there is none there."""

    variant: Variant
    file_system: str
    probe: str
    cannot: str
    spots: tuple[Spot, ...]
    summary: str

    @property
    def untried(self) -> bool:
        """Whether nobody ran it on any of these kernels."""
        return all(spot.state == "not run" for spot in self.spots)

    @property
    def newest(self) -> Spot | None:
        """What the newest kernel says that says anything; None where none does."""
        return next((spot for spot in reversed(self.spots) if spot.state in TOLD), None)

    @property
    def turned_last(self) -> str:
        """The kernel since which it is as in the newest one; empty where it always was."""
        return next((spot.kernel for spot in reversed(self.spots) if spot.turn), "")


@dataclass(frozen=True, slots=True)
class OptionLine:
    """One kernel option by kernel: its value, and whether it came or went there."""

    option: str
    values: tuple[tuple[str, str], ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Board:
    """One architecture's kernels of one flavour: a table of the page."""

    arch: str
    flavour: str
    kernels: tuple[str, ...]
    page_sizes: tuple[int | None, ...]
    lines: tuple[Line, ...]
    options: tuple[OptionLine, ...]
    labels: dict[str, str]

    @property
    def id(self) -> str:
        """The anchor."""
        return f"{self.arch}-{self.flavour}" if self.flavour else self.arch

    @property
    def telling(self) -> list[OptionLine]:
        """The options that are not set in all of these kernels."""
        return [line for line in self.options if any(value == "n" for value, _ in line.values)]

    @property
    def sizes(self) -> list[int]:
        """The page sizes of these kernels, smallest first. Bytes."""
        return sorted({size for size in self.page_sizes if size})

    @property
    def reasons(self) -> list[tuple[str, str, str]]:
        """What the table has no room for: a device, kernels, and why it is not there on them."""
        found: dict[tuple[str, str], list[str]] = {}
        for line in self.lines:
            for spot in line.spots:
                if spot.why and not spot.short and spot.state != "not run":
                    found.setdefault((line.variant.name, spot.why), []).append(self.labels[spot.kernel])
        return [(device, ", ".join(labels), why) for (device, why), labels in found.items()]

    @property
    def turns(self) -> list[tuple[str, str]]:
        """What came and went here: devices, then options; what did so more often comes first."""
        devices = [
            (sum(bool(spot.turn) for spot in line.spots), line.variant.name, line.summary) for line in self.lines
        ]
        options = [(sum(bool(turn) for _, turn in line.values), line.option, line.summary) for line in self.options]
        chosen = (sorted(lines, key=lambda line: -line[0]) for lines in (devices, options))
        return [(name, summary) for lines in chosen for turns, name, summary in lines if turns]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One trace that any spots have in common."""

    id: str
    says: str
    trace: tuple[str, ...]
    where: tuple[str, ...]


@dataclass
class Tracker:
    """The whole page."""

    site: Site
    boards: tuple[Board, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def devices(self) -> list[Variant]:
        """The variants that are devices here."""
        return list({line.variant.name: line.variant for board in self.boards for line in board.lines}.values())


def dax_words(catalogue: Catalogue) -> set[str]:
    """Return the words that a guest has to have for a mapping with MAP_SYNC to be asked for at all."""
    found = {word for probe in catalogue.probes.values() if _asks(catalogue, probe) for word in probe.needs}
    return found - EVERYWHERE


def _asks(catalogue: Catalogue, probe: Probe) -> bool:
    """Whether a probe maps with the flag, and says how that ended."""
    condition = catalogue.behaviours[probe.behaviour].condition
    return WORD in probe.saw and (FLAG in condition or FLAG in probe.says)


def probe_of(catalogue: Catalogue, variant: Variant) -> str:
    """Return the probe that maps a variant's device with the flag; empty where no probe does."""
    asking = [probe for probe in catalogue.probes.values() if _asks(catalogue, probe)]
    asking.sort(key=lambda probe: probe.id != PROBE)
    given = {*variant.gives, *EVERYWHERE}
    return next((one.id for one in asking if set(one.needs) <= given and set(one.needs) & set(variant.gives)), "")


def tracker(site: Site) -> Tracker:
    """Return what the page shows."""
    made = _Maker(site, {})
    boards = [board for arch in _arches(site) for board in made.boards(arch)]
    return Tracker(site, tuple(boards), tuple(made.found_evidence()))


def _arches(site: Site) -> list[str]:
    """Return all architectures of the table, then any other that has results."""
    return list(dict.fromkeys((*ARCHES, *(arch for arch, _ in site.places))))


@dataclass
class _Maker:
    """Makes the tables, and collects the traces that they point to."""

    site: Site
    traces: dict[tuple[str, ...], tuple[str, dict[str, None]]]

    def boards(self, arch: str) -> Iterator[Board]:
        """Yield one table for each flavour that ran on an architecture; one without kernels where none did."""
        words = dax_words(self.site.catalogue)
        devices = [variant for variant in VARIANTS.values() if words & set(variant.gives) or _has_dax(variant)]
        kernels = [name for name in self.site.kernels if any(key[:2] == (name, arch) for key in self.site.cell_keys)]
        for flavour in dict.fromkeys(self.site.kernels[name].flavour for name in kernels) or [""]:
            chosen = [name for name in kernels if self.site.kernels[name].flavour == flavour]
            chosen.sort(key=lambda name: version_key(self.site.kernels[name].version))
            labels = short(self.site.kernels, self.site.labels, chosen)
            lines = [self.line(arch, flavour, labels, variant) for variant in devices]
            options = self.options(arch, labels, [line.variant for line in lines if not line.cannot])
            sizes = tuple(self.page_size(name, arch) for name in chosen)
            yield Board(arch, flavour, tuple(chosen), sizes, tuple(lines), tuple(options), labels)

    def page_size(self, kernel: str, arch: str) -> int | None:
        """Return the page size that any guest of this kernel told. Bytes."""
        infos = (cell.info for (name, on, _), cell in self.site.stored.cells.items() if (name, on) == (kernel, arch))
        return next((info.page_size for info in infos if info.page_size), None)

    def line(self, arch: str, flavour: str, labels: dict[str, str], variant: Variant) -> Line:
        """Return the row of one device."""
        probe = probe_of(self.site.catalogue, variant)
        cannot = variant.refused(arch, flavour)
        spots = [] if cannot else turned([self.spot(kernel, arch, variant, probe) for kernel in labels])
        told = [(labels[spot.kernel], spot.state == "accepted") for spot in spots if spot.state in TOLD]
        says = came_and_went(told, "accepted") if told else ""
        return Line(variant, file_system(variant), probe, cannot, tuple(spots), says)

    def spot(self, kernel: str, arch: str, variant: Variant, probe: str) -> Spot:
        """Return one cell of the table."""
        place = arch, variant.name
        if state := self.site.state(kernel, place):
            return Spot(kernel, "not run" if state.kind == "not run" else "unanswered", why=state.why)
        cell = self.site.cell(kernel, place)
        record = cell.records.get(probe) if cell else None
        size = cell.info.page_size if cell else None
        if record is None or not record.end.is_answer:
            why = record.why if record else "no record of this probe" if probe else "no probe maps this device with it"
            return Spot(kernel, "missing", why=why, page_size=size)
        state_of, errno = outcome(record)
        evidence = self.proof(
            record, cell.trace(probe) if cell else (), f"{self.site.labels[kernel]} {arch} {variant.name}"
        )
        return Spot(kernel, state_of, errno, record.why, size, evidence)

    def proof(self, record: Record, trace: tuple[str, ...], where: str) -> str:
        """Remember a trace, and return its anchor; empty where there is none."""
        if not trace:
            return ""
        says = ", ".join(f"{word} {value}" for word, value in record.saw.items())
        self.traces.setdefault(trace, (says, {}))[1][where] = None
        return f"trace-{list(self.traces).index(trace) + 1}"

    def found_evidence(self) -> Iterator[Evidence]:
        """Yield the traces that were remembered."""
        for number, (trace, (says, where)) in enumerate(self.traces.items(), 1):
            yield Evidence(f"trace-{number}", says, trace, tuple(where))

    def options(self, arch: str, labels: dict[str, str], variants: list[Variant]) -> Iterator[OptionLine]:
        """Yield the options that the devices need, by kernel, with those that came or went marked."""
        words = dax_words(self.site.catalogue)
        named = dict.fromkeys(
            option
            for variant in variants
            for word, options in variant.gives.items()
            if word in words
            for option in options
        )
        for option in named:
            values = [self.option(kernel, arch, option) for kernel in labels]
            known = [(kernel, value) for kernel, value in zip(labels, values, strict=True) if value != "?"]
            turns = {
                new: "appears" if now != "n" else "vanishes"
                for (_, was), (new, now) in pairwise(known)
                if (was == "n") != (now == "n")
            }
            told = [(labels[kernel], value != "n") for kernel, value in known]
            marked = tuple((value, turns.get(kernel, "")) for kernel, value in zip(labels, values, strict=True))
            yield OptionLine(option, marked, came_and_went(told, "set") if told else "")

    def option(self, kernel: str, arch: str, option: str) -> str:
        """Return an option's value, "?" where the configuration is not known."""
        text = self.site.stored.config(kernel, arch)
        return option_value(text, option) if text else "?"


def _has_dax(variant: Variant) -> bool:
    """Whether a variant has an image that is made for DAX, also where no probe maps it yet."""
    return any("dax" in image.kind for image in variant.images)


def file_system(variant: Variant) -> str:
    """Return the file system on a variant's image, from the name of the image's kind: fsdax-ext4."""
    kinds = [image.kind for image in variant.images]
    return next((kind.partition("-")[2] for kind in kinds if "-" in kind), "none") if kinds else ""


def evidence_href(spot: Spot, line: Line) -> str:
    """Return where the evidence of a spot lies: its trace, or the probe's page with the reason."""
    return f"#{spot.evidence}" if spot.evidence else behaviour_href(line.probe.rpartition(".")[0], line.probe)
