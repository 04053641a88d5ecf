"""The diff as text: every change once, in a terminal's width, nothing in it that a terminal would obey."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from farm import results
from farm.catalogue import Catalogue, load
from farm.diff import as_text, compare, counts, group, where_text
from farm.results import Results
from farm.types import Change, Ending
from tests.golden import expect
from tests.made_up import Shape, catalogue_files, kernel, write_all

SHAPE = Shape(behaviours=2, probes=2, kinds=6)
PLACES = [("x86_64", "plain"), ("x86_64", "swap"), ("arm64", "plain"), ("arm64", "swap")]


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Catalogue]:
    folder = tmp_path_factory.mktemp("made_up")
    for name, text in catalogue_files(SHAPE).items():
        (folder / name).write_text(text)
    return results.scan(write_all(folder / "results", SHAPE)), load(folder)


def test_a_diff_reads_as_its_golden_file(made_up: tuple[Results, Catalogue]) -> None:
    text = as_text(compare(*made_up, kernel("5.10.262-1").name, kernel("7.3.4-1~bpo13+1").name))
    expect("diff.txt", text)
    assert max(len(line) for line in text.splitlines()) <= 100


def test_the_json_of_a_diff_can_be_written(made_up: tuple[Results, Catalogue]) -> None:
    diff = compare(*made_up, kernel("6.1.192-1").name, kernel("6.12.117-1").name)
    assert len(json.loads(json.dumps(diff.as_json()))["changes"]) == len(diff.changes)


def change(probe: str, word: str, place: tuple[str, str], new: str = "ok") -> Change:
    behaviour = probe.rpartition(".")[0]
    return Change(*place, behaviour, probe, word, "EINVAL", new, Ending.ANSWERED, Ending.ANSWERED)


def test_one_change_seen_at_four_places_counts_once() -> None:
    groups = group(change("mmap.a.b", "mmap", place) for place in PLACES)
    assert [(one.probes, one.where) for one in groups] == [(("mmap.a.b",), tuple(PLACES))]
    assert counts(groups) == {"unexplained": 1, "explained": 0, "config": 0}


def test_words_of_a_probe_that_changed_together_are_one_change() -> None:
    (one,) = group([change("mmap.a.b", "mmap", PLACES[0]), change("mmap.a.b", "resident", PLACES[0], "all")])
    assert [word.word for word in one.words] == ["mmap", "resident"]


def test_other_values_at_another_place_are_another_change() -> None:
    assert len(group([change("mmap.a.b", "mmap", PLACES[0]), change("mmap.a.b", "mmap", PLACES[1], "EPERM")])) == 2


def test_an_operation_that_changed_on_many_kinds_of_mapping_is_one_change() -> None:
    kinds = [change(f"sweep.madvise.{kind}", "madv_collapse", PLACES[0]) for kind in ("anon", "shm", "dax")]
    (one,) = group(kinds)
    assert one.probes == ("sweep.madvise.anon", "sweep.madvise.dax", "sweep.madvise.shm")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (PLACES, "everywhere"),
        (PLACES[:2], "x86_64: all variants"),
        ([PLACES[0], PLACES[2]], "x86_64, arm64: plain"),
        ([PLACES[0], PLACES[3]], "x86_64: plain; arm64: swap"),
        (PLACES[:3], "x86_64: all variants; arm64: plain"),
    ],
)
def test_places_are_named_shortly(where: list[tuple[str, str]], expected: str) -> None:
    assert where_text(where, PLACES) == expected


def test_what_a_guest_printed_cannot_steer_the_terminal(tmp_path: Path, made_up: tuple[Results, Catalogue]) -> None:
    from tests.made_up import info, record

    hostile = "\x1b]0;owned\x07\u202e"
    results.write(tmp_path, info(kernel("6.1.192-1")), [record("mmap.behaviour_0.probe_0", mmap=hostile)])
    results.write(
        tmp_path,
        info(kernel("6.12.117-1")),
        [record("mmap.behaviour_0.probe_0", mmap="ok"), record("mmap.behaviour_0.probe_1", Ending.BROKEN, hostile)],
    )
    stored = results.scan(tmp_path)
    text = as_text(compare(stored, made_up[1], kernel("6.1.192-1").name, kernel("6.12.117-1").name))
    assert r"\x1b]0;owned\x07\u202e → ok" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
