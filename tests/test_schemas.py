"""The published schemas say of results what the farm's own strict readers say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from farm.errors import ResultsError
from farm.results.formats import info_from_text, info_to_text, record_from_line, record_to_line
from farm.settings import ROOT
from tests.made_up import info, record
from tests.test_export_hostile import records

SCHEMAS = sorted((ROOT / "docs" / "schema").glob("*.schema.json"))
CELLS = sorted((ROOT / "results").glob("*/*/*/cell.json"))
CELL = info_to_text(info())
RECORD = record_to_line(record("mmap.behaviour_0.probe_0", mmap="ok", n=1))


@cache
def validator(name: str) -> Draft202012Validator:
    text = (ROOT / "docs" / "schema" / f"{name}.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


READERS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "cell": (lambda text: info_from_text(text, "cell.json"), CELL),
    "record": (record_from_line, RECORD),
}


def reads(name: str, text: str) -> bool:
    try:
        READERS[name][0](text)
    except ResultsError:
        return False
    return True


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_a_schema_is_one_and_is_named_as_its_file(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert f"urn:memory-semantics-farm:schema:{path.name.removesuffix('.schema.json')}:1" == schema["$id"]


def test_every_committed_cell_is_as_the_schema_says() -> None:
    assert CELLS
    wrong = [path for path in CELLS if not validator("cell").is_valid(json.loads(path.read_text()))]
    assert [] == wrong


def test_the_records_of_a_committed_cell_are_as_the_schema_says() -> None:
    lines = (CELLS[-1].parent / "records.jsonl").read_text().splitlines()
    assert lines
    assert [] == [line for line in lines if not validator("record").is_valid(json.loads(line))]


@settings(max_examples=50, deadline=None)
@given(records())
def test_whatever_record_the_farm_writes_is_as_the_schema_says(made: list[Any]) -> None:
    for one in made:
        validator("record").validate(json.loads(record_to_line(one)))


BAD: list[tuple[str, str, object]] = [
    ("cell", "schema", 2),
    ("cell", "schema", "1"),
    ("cell", "arch", "../x86_64"),
    ("cell", "variant", ""),
    ("cell", "ending", "maybe"),
    ("cell", "ending", "unanswered"),
    ("cell", "selection", "some"),
    ("cell", "families", {"mmap": 1}),
    ("cell", "families", []),
    ("cell", "page_size", "4096"),
    ("cell", "tainted", 0),
    ("cell", "oopses", [1]),
    ("cell", "kernel", None),
    ("cell", "cpu", None),
    ("record", "probe", "mmap"),
    ("record", "probe", "mmap.Behaviour.probe"),
    ("record", "end", "passed"),
    ("record", "end", "died"),
    ("record", "saw", {"a word": "x"}),
    ("record", "saw", {"word": True}),
    ("record", "saw", {"word": 1.5}),
    ("record", "saw", {"word": None}),
    ("record", "saw", {"word": 2**65}),
    ("record", "saw", []),
    ("record", "unstable", "n"),
    ("record", "time", 1),
]


@pytest.mark.parametrize(("name", "key", "value"), BAD, ids=[f"{name} {key} {value}" for name, key, value in BAD])
def test_what_the_reader_refuses_the_schema_refuses(name: str, key: str, value: object) -> None:
    good = json.loads(READERS[name][1])
    assert validator(name).is_valid(good)
    bad = good | {key: value}
    assert (False, False) == (reads(name, json.dumps(bad)), validator(name).is_valid(bad))


@pytest.mark.parametrize("name", READERS)
def test_what_must_be_there_must_be_there_for_both(name: str) -> None:
    good = json.loads(READERS[name][1])
    for key in good:
        less = {other: value for other, value in good.items() if other != key}
        assert reads(name, json.dumps(less)) == validator(name).is_valid(less), key
