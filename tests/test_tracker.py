"""The DAX tracker: accepted, refused, or not there and why; what came and went; and the same as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from farm import report, results
from farm.catalogue import load
from farm.report.render import HERE
from farm.report.tracker import PROBE, tracker
from farm.report.tracker_states import came_and_went, outcome
from farm.types import Ending, Record
from farm.variants import VARIANTS
from tests.made_up import info, kernel, record
from tests.site_reader import read_site

OLD, MIDDLE, NEW = "5.10.223-1", "6.1.192-1", "6.12.117-1"


def board(tmp_path: Path, *answers: Record | None, arch: str = "arm64") -> dict[str, Any]:
    """Return tracker.json of one architecture whose kernels answer so, oldest first; None: not run."""
    root = tmp_path / "results"
    for version, answer in zip((OLD, MIDDLE, NEW), answers, strict=False):
        build = kernel(version, arch)
        dax = "y" if answer is not None and answer.end is Ending.ANSWERED else "n"
        results.write(root, info(build), [record("mmap.other.probe")], config=f"CONFIG_FS_DAX={dax}\n")
        if answer is not None:
            results.write(root, info(build, "pmem-ext4"), [answer], config=f"CONFIG_FS_DAX={dax}\n")
    report.site(root, load(), tmp_path / "out")
    found: dict[str, Any] = json.loads((tmp_path / "out" / "tracker.json").read_text())
    return found


def of(found: dict[str, Any], device: str, arch: str = "arm64") -> list[dict[str, Any]]:
    return [row for row in found["answers"] if row["device"] == device and row["arch"] == arch]


UNMET = record(PROBE, Ending.UNMET, "CONFIG_FS_DAX is not set")
ACCEPTED = record(PROBE, mmap="ok", synchronous="yes")
REFUSED = record(PROBE, mmap="EOPNOTSUPP")


def test_what_comes_is_marked_where_it_comes_and_nowhere_else(tmp_path: Path) -> None:
    rows = of(board(tmp_path, UNMET, REFUSED, ACCEPTED), "pmem-ext4")
    assert [row["state"] for row in rows] == ["unmet", "refused", "accepted"]
    assert [row.get("turn") for row in rows] == [None, None, "appears"]
    assert rows[1]["errno"] == "EOPNOTSUPP"
    assert rows[0]["why"] == "CONFIG_FS_DAX is not set"


def test_a_kernel_that_was_not_run_is_neither_a_turn_nor_an_answer(tmp_path: Path) -> None:
    rows = of(board(tmp_path, ACCEPTED, None, ACCEPTED), "pmem-ext4")
    assert [(row["state"], row.get("turn")) for row in rows] == [
        ("accepted", None), ("not_run", None), ("accepted", None),
    ]  # fmt: skip


def test_an_option_that_goes_and_comes_back_is_told(tmp_path: Path) -> None:
    found = board(tmp_path, ACCEPTED, UNMET, ACCEPTED)
    turns = [row.get("turn") for row in found["options"] if row["option"] == "CONFIG_FS_DAX"]
    assert turns == [None, "vanishes", "appears"]
    page = read_site(tmp_path / "out")["tracker.html"]
    assert "set in 5.10.223, not set in 6.1.192, set again from 6.12.117 on" in page.text
    assert "vanishes" in page.text


def test_an_architecture_that_cannot_have_the_device_says_why(tmp_path: Path) -> None:
    found = board(tmp_path, ACCEPTED)
    (row,) = of(found, "pmem-e820")
    assert row == {
        "arch": "arm64", "device": "pmem-e820", "file_system": "ext4",
        "state": "impossible", "why": VARIANTS["pmem-e820"].cannot["arm64"],
    }  # fmt: skip
    assert of(found, "pmem-ext4", "s390x")[0]["why"] == VARIANTS["pmem-ext4"].cannot["s390x"]


def test_a_reason_that_is_no_option_stands_below_the_table_with_its_kernels(tmp_path: Path) -> None:
    board(tmp_path, ACCEPTED, record(PROBE, Ending.UNMET, "its mount oopses"), UNMET)
    page = read_site(tmp_path / "out")["tracker.html"]
    assert "pmem-ext4 6.1.192its mount oopses" in page.text
    assert "CONFIG_FS_DAX is not set" not in page.text


def test_the_overview_says_what_the_newest_kernel_does_and_since_when(tmp_path: Path) -> None:
    board(tmp_path, UNMET, REFUSED, ACCEPTED)
    boards = tracker(report.Site(results.scan(tmp_path / "results"), load())).boards
    (found,) = [one for one in boards if one.arch == "arm64"]
    (line,) = [line for line in found.lines if line.variant.name == "pmem-ext4"]
    assert line.newest is not None
    assert (line.newest.state, found.labels[line.turned_last]) == ("accepted", "6.12.117")
    assert "since 6.12.117" in read_site(tmp_path / "out")["tracker.html"].text


def test_evidence_is_one_click_away(tmp_path: Path) -> None:
    (row,) = of(board(tmp_path, ACCEPTED), "pmem-ext4")
    page = read_site(tmp_path / "out")["tracker.html"]
    assert f"#{row['trace']}" in page.links
    assert row["trace"] in page.ids
    assert ACCEPTED.trace[0] in page.text


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([("1", True), ("2", True)], "set in all 2 kernels"),
        ([("1", False), ("2", False)], "not set in all 2 kernels"),
        ([("1", False), ("2", True)], "not set in 1, set from 2 on"),
        ([("1", True), ("2", False), ("3", False)], "set in 1, not set from 2 on"),
        ([("1", True), ("2", True), ("3", False), ("4", True)], "set 1 … 2, not set in 3, set again from 4 on"),
    ],
)
def test_what_came_and_went_in_words(told: list[tuple[str, bool]], expected: str) -> None:
    assert came_and_went(told, "set") == expected


def test_a_guest_that_died_over_it_is_no_refusal() -> None:
    assert outcome(record(PROBE, Ending.DIED, "killed by SIGBUS")) == ("died", "")


def test_a_device_that_no_probe_maps_is_shown_as_missing(tmp_path: Path) -> None:
    root = tmp_path / "results"
    results.write(root, info(kernel(NEW), "pmem-ext4"), [record("mmap.other.probe")])
    site = report.Site(results.scan(root), load())
    (line,) = [line for line in tracker(site).boards[0].lines if line.variant.name == "pmem-ext4"]
    assert [(spot.state, spot.why) for spot in line.spots] == [("missing", "no record of this probe")]


def check(value: object, schema: dict[str, Any], where: str) -> None:
    """Check what our schema uses of JSON Schema."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int}
    assert isinstance(value, kinds[schema["type"]]) if "type" in schema else True, where
    assert value in schema.get("enum", [value]), where
    assert value == schema.get("const", value), where
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= value.keys(), where
        rest = schema.get("additionalProperties", {})
        for key, item in value.items():
            known = schema.get("properties", {}).get(key, rest)
            assert known is not False, f"{where}.{key}"
            check(item, known, f"{where}.{key}")
    for number, item in enumerate(value if isinstance(value, list) else ()):
        check(item, schema["items"], f"{where}[{number}]")


def test_the_json_is_as_its_schema_says(tmp_path: Path) -> None:
    schema = json.loads((HERE / "tracker.schema.json").read_text())
    check(board(tmp_path, UNMET, REFUSED, ACCEPTED), schema, "tracker")
