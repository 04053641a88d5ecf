"""Every format tells what the results say, and missing never looks like passing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from farm import results
from farm.catalogue import load
from farm.export import FORMATS, Options, Sheet, Status, sheets
from farm.results import CellInfo
from farm.settings import ROOT
from farm.types import Ending, Record
from tests.export_contract import PASSING, SHOWN, expected, read
from tests.export_readers import READERS, Seen
from tests.made_export import SHAPE, exported, made_catalogue, made_sheets, only
from tests.made_up import SERIES, info, kernel, record, write_all

PROBE = "mmap.behaviour_0.probe_0"  # claimed: EINVAL until 6.1, ok since
OTHER = "mmap.behaviour_0.probe_1"  # nothing is claimed of it
CELL = f"{kernel().name}/x86_64/plain"

# Each way in which a probe can end, on a kernel for which EINVAL is claimed.
ENDINGS: Mapping[Status, Record | None] = {
    Status.HOLDS: record(PROBE, mmap="EINVAL"),
    Status.CONTRADICTED: record(PROBE, mmap="ok", resident="all"),
    Status.DIED: record(PROBE, Ending.DIED, "killed by SIGBUS/BUS_ADRERR"),
    Status.HUNG: record(PROBE, Ending.HUNG, "no answer within 60 s"),
    Status.UNMET: record(PROBE, Ending.UNMET, "CONFIG_FS_DAX is not set"),
    Status.MISSING: None,
    Status.OBSERVED: record(OTHER, mmap="ok"),
    Status.GONE: record("mmap.behaviour_0.old", mmap="ok"),
}


def cells(*saw: str | int | None) -> list[tuple[CellInfo, list[Record]]]:
    """Return a cell for each kernel in turn in which one probe saw a value; None for no record."""
    found = []
    for version, value in zip(SERIES, saw, strict=False):
        records = [] if value is None else [record(PROBE, mmap=value)]
        found.append((info(kernel(version), families={"mmap": "f"}), records))
    return found


def test_every_format_has_a_reader() -> None:
    assert sorted(FORMATS) == sorted(READERS) == sorted(SHOWN)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_all_that_the_results_say(name: str, tmp_path: Path) -> None:
    stored = results.scan(write_all(tmp_path, SHAPE))
    of = sheets(stored, made_catalogue())
    assert {Status.HOLDS, Status.CONTRADICTED, Status.MISSING} <= {row.status for sheet in of for row in sheet.rows()}
    assert expected(name, of) == read(name, of)


@pytest.mark.parametrize("status", ENDINGS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_ending_is_shown_as_what_it_is(name: str, status: Status) -> None:
    made = ENDINGS[status]
    probe = made.probe if made else PROBE
    of = made_sheets([(info(), [made] if made else [])], only(probe))
    (seen,) = read(name, of).values()
    assert SHOWN[name][status] == seen.outcome
    assert (seen.outcome in PASSING) == (status in {Status.HOLDS, Status.OBSERVED} and name != "kcidb")
    assert expected(name, of)[CELL, probe] == seen


@pytest.mark.parametrize("end", [Ending.BROKEN, Ending.LOST, Ending.ABSENT])
@pytest.mark.parametrize("name", FORMATS)
def test_a_record_without_an_answer_never_passes(name: str, end: Ending) -> None:
    of = made_sheets([(info(), [record(PROBE, end, "the guest went away")])], only(PROBE))
    (seen,) = read(name, of).values()
    blamed = "ERROR" if name == "kcidb" and end is Ending.BROKEN else SHOWN[name][Status.MISSING]
    assert blamed == seen.outcome
    assert "the guest went away" in "".join(exported(name, of).values())


@pytest.mark.parametrize(("stage", "word"), [("boot", "MISS"), ("prepare", "MISS"), ("check", "ERROR")])
@pytest.mark.parametrize("name", FORMATS)
def test_a_cell_without_an_answer_shows_each_of_its_probes_as_missing(name: str, stage: str, word: str) -> None:
    cell = info(ending="unanswered", stage=stage, why="no login marker within 60 s", page_size=None)
    of = made_sheets([(cell, [])], only(PROBE, OTHER))
    outcome = word if name == "kcidb" else SHOWN[name][Status.MISSING]
    assert {(CELL, PROBE): Seen(outcome), (CELL, OTHER): Seen(outcome)} == read(name, of)
    assert "no login marker within 60 s" in "".join(exported(name, of).values())


@pytest.mark.parametrize(("config", "status"), [("=y", Status.CONTRADICTED), (" is not set", Status.OBSERVED)])
def test_a_kernel_that_sets_none_of_the_options_of_a_probe_contradicts_nothing(
    tmp_path: Path, config: str, status: Status
) -> None:
    known = only(PROBE)
    known = replace(known, probes={PROBE: replace(known.probes[PROBE], config=("CONFIG_FS_DAX",))})
    results.write(tmp_path, info(), [record(PROBE, mmap="ok")], config=f"CONFIG_FS_DAX{config}\n")
    (sheet,) = sheets(results.scan(tmp_path), known)
    assert status is sheet.row(PROBE).status


def test_a_value_that_nobody_foresaw_holds_where_the_claim_does() -> None:
    (claimed,) = made_sheets([(info(), [record(PROBE, mmap="EINVAL", resident="most")])], only(PROBE))
    (unclaimed,) = made_sheets([(info(), [record(OTHER, mmap="EFAULT")])], only(OTHER))
    assert [Status.HOLDS, Status.OBSERVED] == [claimed.row(PROBE).status, unclaimed.row(OTHER).status]


@cache
def committed() -> list[Sheet]:
    return sheets(results.scan(ROOT / "results"), load())


def small_ones() -> list[Sheet]:
    """The smallest cells of the committed results that have every architecture, variant and status between them."""
    found, kinds = [], set[str]()
    for sheet in sorted(committed(), key=lambda one: len(one.probes)):
        new = {sheet.arch, sheet.variant, sheet.problem, *(row.status for row in sheet.rows())} - kinds
        if new:
            found.append(sheet)
            kinds |= new
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_a_cell_of_each_kind_of_the_committed_results_is_read_back(name: str) -> None:
    of = small_ones()
    assert {sheet.arch for sheet in committed()} == {sheet.arch for sheet in of}
    assert {sheet.variant for sheet in committed()} == {sheet.variant for sheet in of}
    assert expected(name, of) == read(name, of)


@pytest.mark.long
@pytest.mark.parametrize("name", FORMATS)
def test_every_cell_of_the_committed_results_is_read_back(name: str) -> None:
    assert expected(name, committed()) == read(name, committed())


def test_squad_has_a_test_that_fails_where_something_is_missing() -> None:
    whole = made_sheets([(info(), [record(PROBE, mmap="EINVAL")])], only(PROBE))
    assert "pass" == READERS["squad"](exported("squad", whole))[CELL, "cell.complete"].outcome
    gap = made_sheets([(info(), [record(PROBE, mmap="EINVAL")])], only(PROBE, OTHER))
    assert "fail" == READERS["squad"](exported("squad", gap))[CELL, "cell.complete"].outcome


def test_a_job_of_squad_has_another_id_where_another_value_was_seen() -> None:
    def job(value: str) -> str:
        texts = exported("squad", made_sheets([(info(), [record(PROBE, mmap=value)])], only(PROBE)))
        return str(json.loads(next(text for path, text in texts.items() if path.endswith("metadata.json")))["job_id"])

    assert job("EINVAL") == job("EINVAL") != job("ENOMEM")


def test_addresses_lead_to_the_published_site_where_it_is_known() -> None:
    of = made_sheets([(info(), [record(PROBE, mmap="EINVAL")])], only(PROBE))
    report = json.loads(exported("kcidb", of, Options("https://farm.example/", "me"))["kcidb.json"])
    page = "https://farm.example/behaviour/mmap.behaviour_0.html#mmap.behaviour_0.probe_0"
    assert page == report["tests"][0]["misc"]["page"]
    assert "me" == report["tests"][0]["origin"]
    assert page.removeprefix("https://farm.example/") in exported("junit", of)["junit.xml"]


def test_a_value_that_goes_back_and_forth_stays_several_ranges() -> None:
    of = made_sheets(cells("EINVAL", "ok", "EINVAL", "EINVAL", "ok"), only(PROBE))
    data = json.loads(exported("bcd", of)["memory-compat.json"])
    probe = data["behaviours"]["mmap.behaviour_0"]["probes"]["probe_0"]
    (statements,) = probe["words"]["mmap"].values()
    assert [
        {"value": "ok", "version_added": SERIES[4], "version_last": SERIES[4]},
        {"value": "EINVAL", "version_added": SERIES[2], "version_last": SERIES[3], "version_removed": SERIES[4]},
        {"value": "ok", "version_added": SERIES[1], "version_last": SERIES[1], "version_removed": SERIES[2]},
        {
            "value": "EINVAL",
            "version_added": f"≤{SERIES[0]}",
            "version_last": SERIES[0],
            "version_removed": SERIES[1],
        },
    ] == statements


def test_answers_of_other_hardware_are_another_place() -> None:
    first, second = cells("ok", "ok")
    second = (info(kernel(SERIES[1]), page_size=65536), second[1])
    data = json.loads(exported("bcd", made_sheets([first, second], only(PROBE)))["memory-compat.json"])
    sizes = {name: (place["page_size"], place["kernels"]) for name, place in data["places"].items()}
    assert {
        "x86_64/plain/debian-cloud": (4096, [kernel(SERIES[0]).name]),
        "x86_64/plain/debian-cloud/2": (65536, [kernel(SERIES[1]).name]),
    } == sizes
