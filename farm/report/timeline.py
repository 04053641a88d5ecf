"""The timeline: kernels along, system calls down, a mark as large as the changes are many, unexplained ones solid."""

from __future__ import annotations

from dataclasses import dataclass

from farm.report.links import diff_href
from farm.report.model import Site
from farm.report.order import call_rank, short

LEFT, TOP, STEP, LINE = 186, 128, 58, 26  # of the picture, in its own units
LARGEST = 12.5  # radius of the largest mark
FULL = 40  # changes that make the largest mark; more are as large, and their number is written beside


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: `outer` is the radius for all changes, `inner` for the unexplained ones, 0 where there are none."""

    x: int
    y: int
    outer: float
    inner: float
    total: int
    says: str
    href: str


@dataclass(frozen=True, slots=True)
class Step:
    """One pair of kernels along the picture; `counts` by system call: unexplained, others."""

    x: int
    old: str
    new: str
    href: str
    where: str
    counts: dict[str, tuple[int, int]]
    missing: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The timeline of one flavour."""

    flavour: str
    calls: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]
    marks: tuple[Mark, ...]

    @property
    def width(self) -> int:
        """Of the picture."""
        return LEFT + STEP * len(self.steps) + 80

    @property
    def height(self) -> int:
        """Of the picture."""
        return TOP + LINE * len(self.calls) + 12


def timeline(site: Site) -> list[Picture]:
    """Return one picture for each flavour that has pairs, in the order of the kernels."""
    pairs = [pair for pair in site.pairs if site.alike(*pair)]
    position = {kernel: number for number, kernel in enumerate(site.kernels)}
    flavours = dict.fromkeys(kernel.flavour for kernel in site.kernels.values())
    found = []
    for flavour in flavours:
        chosen = [pair for pair in pairs if site.kernels[pair[0]].flavour == flavour]
        chosen.sort(key=lambda pair: (position[pair[1]], position[pair[0]]))
        if chosen:
            found.append(_picture(site, flavour, chosen))
    return found


def _picture(site: Site, flavour: str, pairs: list[tuple[str, str]]) -> Picture:
    """Return the picture of one flavour's pairs."""
    labels = short(site.kernels, site.labels, list(dict.fromkeys(kernel for pair in pairs for kernel in pair)))
    steps = [_step(site, pair, labels, LEFT + STEP // 2 + STEP * number) for number, pair in enumerate(pairs)]
    names = sorted({call for step in steps for call in step.counts}, key=call_rank)
    calls = {call: TOP + LINE * number + LINE // 2 for number, call in enumerate(names)}
    marks = [_mark(step, call, calls[call]) for step in steps for call in names if call in step.counts]
    return Picture(flavour, tuple(calls.items()), tuple(steps), tuple(marks))


def _step(site: Site, pair: tuple[str, str], labels: dict[str, str], x: int) -> Step:
    """Return one pair, with its counts."""
    summary = site.pair(*pair)
    counts = {
        call: (labels.get("unexplained", 0), sum(labels.values()) - labels.get("unexplained", 0))
        for call, labels in summary.calls.items()
    }
    arches = site.pairs[pair]
    everywhere = len(arches) == len({arch for arch, _ in site.places})
    old, new = (labels[kernel] for kernel in pair)
    return Step(x, old, new, diff_href(*pair), "" if everywhere else ", ".join(arches), counts, summary.missing)


def _mark(step: Step, call: str, y: int) -> Mark:
    """Return one mark; its area grows with the number of changes."""
    unexplained, others = step.counts[call]
    total = unexplained + others
    says = f"{call}, {step.old} → {step.new}: {unexplained} unexplained, {others} explained or configured"
    return Mark(step.x, y, _radius(total), _radius(unexplained), total, says, f"{step.href}#call-{call}")


def _radius(count: int) -> float:
    """Return the radius of a mark for so many changes; 0 for none."""
    return round(3 + (LARGEST - 3) * min(1.0, (count - 1) / (FULL - 1)) ** 0.5, 1) if count else 0.0
