"""A guest may print anything into any field: it stays text, and nobody's browser or terminal obeys it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from farm import report, results
from farm.catalogue import load
from farm.results import CellInfo
from farm.types import Ending, Record
from farm.visible import visible
from tests.made_up import SERIES, Shape, catalogue_files, info, kernel
from tests.site_reader import Page, broken_links, read_site

SHAPE = Shape(behaviours=1, probes=2, kinds=1)
PROBES = ("mmap.behaviour_0.probe_0", "mmap.behaviour_0.probe_1", "sweep.madvise.kind_0", "mmap.unknown.probe")
EVIL = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</code></td></table><!--",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "\x1b[31m\x00\x07\r\n\t",
    "\u202egnp.exe\u2066",
    "\udcff\ud800",
    "&lt;b&gt;&#0;",
    "x" * 5000,
)
FORBIDDEN = {"script", "img", "iframe", "object", "form", "svg", "base"}


def hostile_cell(version: str, evil: str, value: str) -> tuple[CellInfo, list[Record]]:
    build = replace(kernel(version), release=evil, notes=(evil,))
    encoded = evil.encode("utf-8", "replace").decode()
    package = replace(build.packages[0], name=encoded, version=encoded, sha256=encoded, pinned=True)
    cell = info(replace(build, packages=(package,)), oopses=(evil,), tainted=True, cpu=evil, accel=evil, qemu=evil)
    trace = (evil, f"mmap() = {value}")
    saw: dict[str, str | int] = {"mmap": value, "n": 1}
    records = [Record(probe, Ending.ANSWERED, saw, unstable=("n",), trace=trace) for probe in PROBES]
    return cell, [*records, Record("mmap.behaviour_0.probe_9", Ending.BROKEN, {}, evil, trace=trace)]


def site_of(folder: Path, evil: str) -> dict[str, Page]:
    for name in ("mmap.yaml", "sweep.yaml"):
        (folder / name).write_text(catalogue_files(SHAPE)[name])
    root = folder / "results"
    results.write(root, *hostile_cell(SERIES[0], evil, evil), config=f"CONFIG_FS_DAX={visible(evil)}\n")
    results.write(root, *hostile_cell(SERIES[1], evil, f"other {evil}"), config="CONFIG_FS_DAX=y\n")
    results.write(root, info(kernel(SERIES[2]), ending="unanswered", stage=evil, why=evil, page_size=None))
    report.site(root, load(folder), folder / "out")
    pages = read_site(folder / "out")
    assert broken_links(folder / "out", pages) == []
    return pages


@pytest.mark.parametrize("evil", EVIL, ids=[repr(evil)[:20] for evil in EVIL])
def test_it_stays_text_in_every_field_of_every_page(tmp_path: Path, evil: str) -> None:
    pages = site_of(tmp_path, evil)
    for path, page in pages.items():
        assert not page.tags & FORBIDDEN, path
        assert not [name for name in page.attributes if name.startswith("on")], path
        assert not {c for c in page.text if ord(c) < 32 and c != "\n"}, path
    for path in ("behaviour/mmap.behaviour_0.html", f"kernel/{kernel(SERIES[0]).name}.html", "index.html"):
        assert visible(evil) in pages[path].text, path


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(evil=st.text(st.characters(codec=None), min_size=1, max_size=40))
def test_whatever_it_is(tmp_path: Path, evil: str) -> None:
    for page in site_of(tmp_path, evil).values():
        assert not page.tags & FORBIDDEN
