"""Across architectures: like is compared with like, and what a point release may have done stands apart."""

from __future__ import annotations

from pathlib import Path

from farm import report, results
from farm.catalogue import load
from farm.report.across import Across
from farm.types import Ending, Record
from farm.variants import VARIANTS
from tests.made_up import info, kernel, record
from tests.site_reader import read_site

NAME = "mmap.made_up"


def across(root: Path, cells: dict[tuple[str, str], list[Record]]) -> Across:
    for (version, arch), records in cells.items():
        results.write(root, info(kernel(version, arch)), records)
    return Across(report.Site(results.scan(root), load()))


def said(value: str) -> Record:
    return record(f"{NAME}.probe", mmap=value)


def test_an_answer_that_differs_on_the_same_version_is_listed_with_the_versions(tmp_path: Path) -> None:
    cells = {(v, arch): [said("ok" if arch == "x86_64" or v == "6.1.1-1" else "EINVAL")]
             for v in ("6.1.1-1", "6.12.1-1", "7.3.1-1") for arch in ("x86_64", "arm64")}  # fmt: skip
    found = across(tmp_path, cells)
    assert list(found.versions()) == ["7.3.1", "6.12.1", "6.1.1"]
    assert found.where_differing() == {NAME: "6.12.1, 7.3.1"}
    (row,) = found.table("7.3.1", found.versions()["7.3.1"]).groups["mmap"]
    assert [cell.text for cell in row.cells] == ["A", "B"]
    assert row.instance == "probe, mmap: ok on x86_64; EINVAL on arm64"


def test_other_point_releases_are_no_version_but_a_series_of_their_own(tmp_path: Path) -> None:
    cells = {("5.10.262-1", "x86_64"): [said("ok")], ("5.10.223-1", "arm64"): [said("EINVAL")]}
    found = across(tmp_path, cells)
    assert found.versions() == {}
    ((name, columns),) = found.series().items()
    assert name == "5.10"
    assert found.table(name, columns, alike=False).count == 1


def test_what_differs_on_a_shared_version_is_not_blamed_on_a_point_release(tmp_path: Path) -> None:
    both = {("7.3.1-1", "x86_64"): [said("ok")], ("7.3.1-1", "arm64"): [said("EINVAL")]}
    apart = {("5.10.262-1", "x86_64"): [said("ok")], ("5.10.223-1", "arm64"): [said("EINVAL")]}
    found = across(tmp_path, both | apart)
    ((name, columns),) = found.series().items()
    assert found.table(name, columns, alike=False).count == 0


def test_a_missing_answer_is_no_difference(tmp_path: Path) -> None:
    lost = record(f"{NAME}.probe", Ending.LOST, "the guest went away")
    found = across(tmp_path, {("7.3.1-1", "x86_64"): [said("ok")], ("7.3.1-1", "arm64"): [lost]})
    assert found.where_differing() == {}


def test_words_that_differ_from_run_to_run_are_no_difference(tmp_path: Path) -> None:
    one = Record(f"{NAME}.probe", Ending.ANSWERED, {"mmap": "ok", "n": 1}, unstable=("n",))
    other = Record(f"{NAME}.probe", Ending.ANSWERED, {"mmap": "ok", "n": 2})
    found = across(tmp_path, {("7.3.1-1", "x86_64"): [one], ("7.3.1-1", "arm64"): [other]})
    assert found.where_differing() == {}


def test_a_flavour_that_answers_as_the_other_architecture_does_is_no_difference(tmp_path: Path) -> None:
    results.write(tmp_path, info(kernel("7.3.1-1", "arm64", "16k"), page_size=16384), [said("EINVAL")])
    cells = {("7.3.1-1", "x86_64"): [said("ok")], ("7.3.1-1", "arm64"): [said("ok")]}
    found = across(tmp_path, cells)
    assert found.where_differing() == {}
    assert [column.about for column in found.versions()["7.3.1"]] == ["cloud 4K", "cloud 4K", "16k 16K"]


def test_the_page_is_made_where_nothing_can_be_compared(tmp_path: Path) -> None:
    across(tmp_path / "results", {("7.3.1-1", "x86_64"): [said("ok")]})
    report.site(tmp_path / "results", load(), tmp_path / "out")
    assert "nothing can be compared" in read_site(tmp_path / "out")["arches.html"].text


def test_an_architectures_page_says_which_of_its_kernels_cannot_have_a_variant_that_others_ran(tmp_path: Path) -> None:
    root = tmp_path / "results"
    results.write(root, info(kernel("6.12.1-1", "arm64"), "hugepages-64k"), [said("ok")])
    report.site(root, load(), tmp_path / "out")
    why = VARIANTS["hugepages-64k"].cannot["arm64@16k"]
    assert f"✓ run not with 16k kernels: {why}" in read_site(tmp_path / "out")["arch/arm64.html"].text
