"""The evidence on a behaviour's page: every trace of a probe once, the probe's source, the line that runs it again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from farm.arches import ARCHES
from farm.diff import where_text
from farm.judge import spans
from farm.report.grid import Grid
from farm.report.model import Place
from farm.report.traces import LINES
from farm.results import version_key
from farm.settings import ROOT
from farm.types import Ending

TRACES = 24  # different traces of one probe that are shown; how many more there are is said
MAN = re.compile(r"([a-z][a-z0-9_]*)\((\d)\)")
MAN_PAGES = "https://manpages.debian.org/"
FLAG = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class ManPage:
    """A man page: its name, the command that shows it, and its address, at the place that is meant."""

    name: str
    command: str
    address: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace, and where it was seen; `cut` counts the lines that are left out."""

    where: str
    lines: tuple[str, ...]
    cut: int


def traces(found: Grid) -> list[Trace]:
    """Return the different traces of a probe, in order of first appearance along the kernels."""
    seen: dict[bytes, dict[Place, list[str]]] = {}
    shown: dict[bytes, tuple[str, Place]] = {}
    for kernel, place, stored in found.site.shown_traces:
        line = stored.get(found.probe)
        if line is not None:
            seen.setdefault(line, {}).setdefault(place, []).append(found.site.labels[kernel])
            shown.setdefault(line, (kernel, place))
    return [_trace(found, *shown[line], _where(found, places)) for line, places in seen.items()]


def _where(found: Grid, places: dict[Place, list[str]]) -> str:
    """Say on which kernels and where a trace was seen: places with the same kernels together."""
    together: dict[str, list[Place]] = {}
    for place, labels in places.items():
        together.setdefault(spans(labels, found.site.place_order(place)), []).append(place)
    return "; ".join(f"{kernels} · {where_text(same, found.places)}" for kernels, same in together.items())


def _trace(found: Grid, kernel: str, place: Place, where: str) -> Trace:
    """Return one trace, cut where it is long."""
    cell = found.site.cell(kernel, place)
    lines = cell.trace(found.probe) if cell else ()
    return Trace(where, lines[:LINES], max(0, len(lines) - LINES))


@cache
def _text(family: str) -> str:
    """Return one file of guest/probes, empty where there is none."""
    try:
        return (ROOT / "guest" / "probes" / f"{family}.c").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@cache
def _sources(family: str) -> dict[str, str]:
    """Return the probes of one file by id, each with its block."""
    blocks = re.finditer(r"^PROBE\((\w+)\)\n\{\n.*?^\}$", _text(family), re.MULTILINE | re.DOTALL)
    return {block[1].replace("__", "."): block.group() for block in blocks}


def source(probe: str, family: str) -> list[str]:
    """Return the lines of a probe's C source; none where it has none of its own (a sweep's kinds share theirs)."""
    text = _sources(family).get(probe) or _made_by_macro(probe, family)
    return text.expandtabs(8).splitlines()


def _made_by_macro(probe: str, family: str) -> str:
    """Return a macro that makes probes whose names begin alike, and the line that makes this one with it."""
    for macro in re.finditer(r"^#define (\w+)\((?:[^\n]*\\\n)+[^\n]*$", _text(family), re.MULTILINE):
        start = re.search(r"PROBE\((\w+)##", macro.group())
        begins = start[1].replace("__", ".") if start else ""
        if begins and probe.startswith(begins):
            word = re.escape(probe.removeprefix(begins))
            if used := re.search(rf"^{macro[1]}\({word}\b.*$", _text(family), re.MULTILINE):
                return f"{macro.group()}\n\n{used.group()}"
    return ""


def rerun(found: Grid) -> str:
    """Return the command that runs the newest answered cell of a probe again, which shows its trace anew."""
    met = [
        (version_key(found.site.kernels[kernel].version), kernel, row.places[0])
        for row in found.rows
        for kernel, number in row.numbers.items()
        if found.site.values.is_answer(number) and found.record(number).end is not Ending.UNMET
    ]
    if not met:
        return ""
    newest = max(version for version, _, _ in met)
    _, kernel, (arch, variant) = next(one for one in met if one[0] == newest)
    build = found.site.kernels[kernel]
    usual = arch in ARCHES and ARCHES[arch].flavour == build.flavour
    name = build.version if usual else f"{build.version}@{build.flavour}"
    return shlex.join(["./inv", "matrix", "--kernels", name, "--arches", arch, "--variants", variant, "--fresh"])


def man_pages(sources: Iterable[str], condition: str = "") -> list[ManPage]:
    """Return the man pages among sources, each once; the first one's address leads to the flag of `condition`."""
    named = [match for one in dict.fromkeys(sources) if (match := MAN.fullmatch(one))]
    flag = FLAG.search(condition)
    places = [f"#{flag.group()}" if flag else "", *[""] * len(named)]
    return [
        ManPage(match.group(), f"man {match[2]} {match[1]}", f"{MAN_PAGES}{match[1]}.{match[2]}{place}")
        for match, place in zip(named, places, strict=False)
    ]
