"""The feed of changes, as a feed reader finds it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import feedparser
import pytest

from farm import report, results
from farm.report import Site, feed
from farm.types import Ending
from tests.made_export import SHAPE, made_catalogue
from tests.made_up import SERIES, info, kernel, record, write_all
from tests.site_reader import read_site

PROBE = "mmap.behaviour_0.probe_0"


def parsed(text: str) -> feedparser.FeedParserDict:
    found = feedparser.parse(text)
    assert not found.bozo, found.get("bozo_exception")
    return found


def series(root: Path, *values: str | None) -> Site:
    """Return a site of one cell for each kernel in turn; None for one whose probe was lost."""
    for version, value in zip(SERIES, values, strict=False):
        made = record(PROBE, mmap=value) if value else record(PROBE, Ending.LOST, "the guest went away")
        results.write(root, info(kernel(version)), [made])
    return Site(results.scan(root), made_catalogue())


def test_it_is_a_part_of_the_site_and_its_links_lead_there(tmp_path: Path) -> None:
    root = write_all(tmp_path / "results", SHAPE)
    report.site(root, made_catalogue(), tmp_path / "site")
    found = parsed((tmp_path / "site" / "changes.atom").read_text(encoding="utf-8"))
    pages = read_site(tmp_path / "site")
    assert len(found.entries) > 10
    for entry in found.entries:
        path, _, anchor = entry.link.partition("#")
        assert anchor in pages[path].ids
    assert len({entry.id for entry in found.entries}) == len(found.entries)
    dates = [entry.updated_parsed for entry in found.entries]
    assert sorted(dates, reverse=True) == dates
    assert dates[0] == found.feed.updated_parsed


def test_an_entry_says_what_changed_between_which_kernels(tmp_path: Path) -> None:
    (entry,) = parsed(feed.feed(series(tmp_path, "EINVAL", "ENOMEM"))).entries
    assert "mmap.behaviour_0: 1 change, 5.10.262 → 6.1.192" == entry.title
    assert "<ul><li>probe_0: mmap: EINVAL → ENOMEM (x86_64: plain); unexplained</li></ul>" == entry.content[0].value
    assert ["unexplained"] == [tag.term for tag in entry.tags]


def test_a_newer_kernel_adds_entries_and_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    before = parsed(feed.feed(series(tmp_path, "a", "b"))).entries
    after = parsed(feed.feed(series(tmp_path, "a", "b", "c"))).entries
    assert before == after[1:]
    assert after[0].updated_parsed > before[0].updated_parsed


def test_kernels_without_a_difference_have_no_entry(tmp_path: Path) -> None:
    assert [] == parsed(feed.feed(series(tmp_path, "a", "a", "a"))).entries


def test_what_was_not_compared_is_no_silence(tmp_path: Path) -> None:
    (entry,) = parsed(feed.feed(series(tmp_path, "a", None))).entries
    assert "Not compared: 1, 5.10.262 → 6.1.192" == entry.title
    assert "the guest went away" in entry.content[0].value
    assert entry.link.endswith("#missing")


@pytest.mark.parametrize("base", ["https://farm.example/memory/", "https://farm.example/memory"])
def test_the_address_of_the_published_site_makes_links_whole(tmp_path: Path, base: str) -> None:
    site = replace(series(tmp_path, "a", "b"), base=base)
    (entry,) = parsed(feed.feed(site)).entries
    assert entry.link.startswith("https://farm.example/memory/diff/debian-5.10.262-1-cloud..debian-6.1.192-1-cloud")


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "]]>\x00\x1b\u202e\udcff", "&lt;b onload=x&gt;"])
def test_a_text_of_a_guest_stays_text(tmp_path: Path, evil: str) -> None:
    text = feed.feed(series(tmp_path, "a", evil))
    (entry,) = parsed(text).entries
    assert "<script" not in text
    assert "&lt;script" not in text
    assert "<" not in entry.content[0].value.removeprefix("<ul><li>").removesuffix("</li></ul>")
    assert "\x1b" not in text


def test_equal_results_make_an_equal_feed(tmp_path: Path) -> None:
    assert feed.feed(series(tmp_path, "a", "b")) == feed.feed(series(tmp_path, "a", "b"))


def test_it_ends_behind_the_pair_that_fills_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "ENTRIES", 2)
    found = parsed(feed.feed(series(tmp_path, "a", "b", "c", "d", "e"))).entries
    assert ["6.18.9 → 7.3.4", "6.12.117 → 6.18.9"] == [entry.title.rpartition(", ")[2] for entry in found]


def test_results_of_one_kernel_make_an_empty_feed(tmp_path: Path) -> None:
    assert [] == parsed(feed.feed(series(tmp_path, "a"))).entries
