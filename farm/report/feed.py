"""The feed of changes (Atom, RFC 4287): an entry for each behaviour that changed between two neighbouring kernels.

Nobody tells the farm when a package was made, and the time of a run would differ from run to run. So the date of an
entry is made of the newer kernel's version: a later version has a later date, and the feed says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

from farm.diff import ENDING, Diff, Group, by_behaviour, by_reason, group, missing_text, value_text, where_text
from farm.report import links
from farm.report.model import Site
from farm.types import upstream
from farm.visible import visible

PATH = "changes.atom"
ATOM = "http://www.w3.org/2005/Atom"
BASE = "{http://www.w3.org/XML/1998/namespace}base"
IDS = UUID("5b8f2a0e-6f0c-4c55-9b1d-3d4f6a7c1e52")  # never changes: the ids of all entries are made of it
ENTRIES = 300  # a pair of kernels that begins behind so many is left to its page
LINES = 12  # changes of one behaviour that its entry shows
MISSING = "missing"  # the place of what was not compared: an entry's id, and the anchor on the pair's page
SUBTITLE = (
    "What memory system calls do differently from one kernel to the next. Dates are made of version numbers, so that"
    " newer kernels come first; they say nothing about when something was released."
)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

Entry = dict[str, str]


def feed(site: Site) -> str:
    """Return the feed, the newest pair of kernels first, and in it what is unexplained."""
    ET.register_namespace("", ATOM)
    entries = list(_entries(site))
    # A reader takes the last part of an address without a slash for a file, and leaves it out of links.
    root = ET.Element(f"{{{ATOM}}}feed", {BASE: site.base.rstrip("/") + "/"} if site.base else {})
    _texts(root, id=_id("changes"), title="Changes of memory semantics", subtitle=SUBTITLE)
    _texts(root, updated=max((one["updated"] for one in entries), default=_date("0")), rights="CC BY 4.0")
    _texts(ET.SubElement(root, f"{{{ATOM}}}author"), name="Memory-semantics farm")
    _link(root, "self", PATH, type="application/atom+xml")
    _link(root, "alternate", "index.html", type="text/html")
    for entry in entries:
        _append(root, entry)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _entries(site: Site) -> Iterator[Entry]:
    """Yield the entries of neighbouring kernels; an earlier report may have made those of a pair."""
    count = 0
    for old, new in site.pairs:
        if count >= ENTRIES:
            return
        if site.alike(old, new):
            key = site.inputs.kernels(old, new)
            found: list[Entry] = site.memo.value(f"feed {old}..{new}", key, partial(_pair, site, old, new))
            yield from found
            count += len(found)


def _pair(site: Site, old: str, new: str) -> list[Entry]:
    """Return the entries of one pair: a behaviour each, and what could not be compared."""
    diff = site.diff(old, new)
    date, between = _date(site.kernels[new].version), f"{site.labels[old]} → {site.labels[new]}"
    found = []
    for name, same in by_behaviour(group(diff.changes)).items():
        labels = list(dict.fromkeys(one.label for one in same))
        title = f"{name}: {len(same)} change{'s' * (len(same) > 1)}, {between}"
        found.append(_entry(diff, name, title, labels, [_line(one, diff) for one in same]))
    if diff.missing:
        lines = [f"{why}: {missing_text(same)}" for why, same in by_reason(diff.missing).items()]
        found.append(_entry(diff, MISSING, f"Not compared: {len(diff.missing)}, {between}", [MISSING], lines))
    return [entry | {"updated": date} for entry in found]


def _entry(diff: Diff, name: str, title: str, labels: Sequence[str], lines: Sequence[str]) -> Entry:
    """Return one entry, all but its date, in harmless text; its id depends on the pair and on what changed alone."""
    more = len(lines) - LINES
    shown = [*lines[:LINES], *([f"and {more} more"] if more > 0 else [])]
    items = "".join(f"<li>{escape(visible(line))}</li>" for line in shown)
    return {
        "id": _id(f"{diff.old}..{diff.new} {name}"),
        "title": visible(title),
        "href": links.diff_href(diff.old, diff.new, name),
        "labels": " ".join(labels),
        "content": f"<ul>{items}</ul>",
    }


def _line(one: Group, diff: Diff) -> str:
    """Return one change in a line: what was seen before and after, where, and why."""
    change = one.change
    words = ", ".join(
        f"{'' if word.word == ENDING else word.word + ': '}{value_text(word.old)} → {value_text(word.new)}"
        for word in one.words
    )
    probes = f"{len(one.probes)} probes" if len(one.probes) > 1 else change.probe.rpartition(".")[2]
    because = f"; {change.label}: {change.because}" if change.because else f"; {change.label}"
    return f"{probes}: {words} ({where_text(one.where, diff.cells)}){because}"


def _append(root: ET.Element, entry: Entry) -> None:
    """Add one entry to the feed."""
    made = ET.SubElement(root, f"{{{ATOM}}}entry")
    _texts(made, id=entry["id"], title=entry["title"], updated=entry["updated"])
    _link(made, "alternate", entry["href"], type="text/html")
    for label in entry["labels"].split():
        ET.SubElement(made, f"{{{ATOM}}}category", {"term": label})
    ET.SubElement(made, f"{{{ATOM}}}content", {"type": "html"}).text = entry["content"]


def _date(version: str) -> str:
    """Return the date that stands for a version: a day for each minor version, a minute for each stable one."""
    major, minor, patch = (*upstream(version), 0, 0, 0)[:3]
    days = min(major, 99) * 100 + min(minor, 99)
    return (EPOCH + timedelta(days=days, minutes=min(patch, 1439))).strftime("%Y-%m-%dT%H:%M:%SZ")


def _id(name: str) -> str:
    return uuid5(IDS, name).urn


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _link(parent: ET.Element, rel: str, href: str, **more: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}link", {"rel": rel, "href": href, **more})
