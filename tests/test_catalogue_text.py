"""Parsed once: the second time gives the same values, and nothing that lies in the cache can break a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm import catalogue_text
from farm.catalogue_text import parsed
from farm.errors import PlanError
from farm.settings import cache_dir

TEXT = "a: {since: 5.10, yes: [no, ~, 0x10]}\nb:\n"
VALUES = {"a": {"since": "5.10", "yes": ["no", "~", "0x10"]}, "b": ""}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "some.yaml"
    file.write_text(TEXT)
    return file


def test_the_second_time_nothing_is_parsed_and_the_values_are_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parsed([path]) == {path: VALUES}
    monkeypatch.delattr(catalogue_text, "_parse")
    assert parsed([path]) == {path: VALUES}


def test_a_text_that_changed_is_parsed_again(path: Path) -> None:
    parsed([path])
    path.write_text("a: other\n")
    assert parsed([path]) == {path: {"a": "other"}}


@pytest.mark.parametrize("damage", ["", "[]", "{", "\xff"])
def test_a_damaged_cache_is_made_anew(path: Path, damage: str) -> None:
    parsed([path])
    (cache_dir() / "catalogue.json").write_text(damage, "latin-1")
    assert parsed([path]) == {path: VALUES}


def test_a_cache_that_cannot_be_written_is_no_fault(path: Path) -> None:
    cache_dir().parent.mkdir(parents=True, exist_ok=True)
    cache_dir().write_text("a file is in the way")
    assert parsed([path]) == {path: VALUES}


def test_a_key_said_twice_is_refused_every_time(path: Path) -> None:
    path.write_text("a: 1\na: 2\n")
    for _ in range(2):
        with pytest.raises(PlanError, match="line 1: a is there twice"):
            parsed([path])
