"""A report that is made again: what stayed equal is left alone, and what comes out is what a fresh one would be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from farm import report, results
from farm.catalogue import load
from farm.report.memo import Memo
from farm.types import Ending
from tests.made_up import SERIES, Shape, catalogue_files, info, kernel, made_up_records, record, write_all

SHAPE = Shape(versions=SERIES[:3], behaviours=1, probes=2, kinds=2)
FIRST = kernel(SERIES[0])
WHERE = ("x86_64", "plain")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("again")
    for name, text in catalogue_files(SHAPE).items():
        (folder / name).write_text(text)
    return write_all(folder / "results", SHAPE).parent


def an_answer(root: Path) -> None:
    records = made_up_records(SHAPE, 0, WHERE)
    records[0] = replace(records[0], end=Ending.ANSWERED, saw={"mmap": "EPERM"})
    results.write(root, info(FIRST), records)


def a_trace(root: Path) -> None:
    records = [replace(one, trace=("mmap(another, call) = A",)) for one in made_up_records(SHAPE, 2, WHERE)]
    results.write(root, info(kernel(SERIES[2])), records)


def what_a_guest_logged(root: Path) -> None:
    results.write(root, info(FIRST, oopses=("BUG: bad",), tainted=True), made_up_records(SHAPE, 0, WHERE))


def the_digest_of_a_family(root: Path) -> None:
    families = dict.fromkeys(["mmap", "sweep"], "e" * 64)
    results.write(root, info(FIRST, families=families), made_up_records(SHAPE, 0, WHERE))


def a_configuration(root: Path) -> None:
    (root / FIRST.name / "arm64" / "config").write_text("CONFIG_FS_DAX=m\n")


def a_cell_less(root: Path) -> None:
    shutil.rmtree(root / FIRST.name / "arm64" / "hugepages")


def a_kernel_more(root: Path) -> None:
    results.write(root, info(kernel("9.9.9-1")), [record("mmap.behaviour_0.probe_0", mmap="new")])


def a_broken_line(root: Path) -> None:
    path = root / FIRST.name / "x86_64" / "plain" / "records.jsonl"
    path.write_text(path.read_text() + "{broken\n")


CHANGES = [
    *(an_answer, a_trace, what_a_guest_logged, the_digest_of_a_family, a_configuration, a_cell_less),
    *(a_kernel_more, a_broken_line),
]


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
def test_after_a_change_it_is_what_a_fresh_report_is(
    stored: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    root = tmp_path / "results"
    shutil.copytree(stored / "results", root)
    catalogue = load(stored)
    report.site(root, catalogue, tmp_path / "out")
    before = files(tmp_path / "out")
    change(root)
    report.site(root, catalogue, tmp_path / "out")
    report.site(root, catalogue, tmp_path / "fresh")
    assert files(tmp_path / "out") == files(tmp_path / "fresh")
    assert files(tmp_path / "out") != before


def test_after_a_change_of_the_catalogue_it_is_what_a_fresh_report_is(stored: Path, tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(stored, folder, ignore=lambda _, names: [name for name in names if name == "results"])
    report.site(stored / "results", load(folder), tmp_path / "out")
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text().replace("answers ok", "answers well"))
    report.site(stored / "results", load(folder), tmp_path / "out")
    report.site(stored / "results", load(folder), tmp_path / "fresh")
    assert files(tmp_path / "out") == files(tmp_path / "fresh")


def test_the_first_sweep_shows_in_the_navigation_of_every_page(stored: Path, tmp_path: Path) -> None:
    root, catalogue = tmp_path / "results", load(stored)
    for version in SERIES[:2]:
        results.write(root, info(kernel(version)), [record("mmap.behaviour_0.probe_0", mmap="ok")])
    report.site(root, catalogue, tmp_path / "out")
    answers = [record("mmap.behaviour_0.probe_0", mmap="ok"), record("sweep.madvise.kind_0", madv_0="ok")]
    results.write(root, info(kernel(SERIES[1])), answers)
    report.site(root, catalogue, tmp_path / "out")
    report.site(root, catalogue, tmp_path / "fresh")
    assert files(tmp_path / "out") == files(tmp_path / "fresh")


def times(out: Path) -> dict[str, int]:
    return {path.relative_to(out).as_posix(): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


def test_made_twice_it_touches_no_file(stored: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report.site(stored / "results", load(stored), out)
    before = times(out)
    report.site(stored / "results", load(stored), out)
    assert times(out) == before


def test_a_page_that_somebody_removed_is_made_again(stored: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report.site(stored / "results", load(stored), out)
    expected = files(out)
    (out / "index.html").unlink()
    shutil.rmtree(out / "behaviour")
    report.site(stored / "results", load(stored), out)
    assert files(out) == expected


def test_one_changed_answer_makes_few_pages_anew(stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "results"
    shutil.copytree(stored / "results", root)
    report.site(root, load(stored), tmp_path / "out")
    asked: list[str] = []
    put = Memo.put

    def noted(memo: Memo, name: str, key: str, value: object) -> None:
        asked.append(name)
        put(memo, name, key, value)

    monkeypatch.setattr(Memo, "put", noted)
    an_answer(root)
    report.site(root, load(stored), tmp_path / "out")
    behaviours = [name for name in asked if name.startswith("page behaviour/")]
    assert behaviours == ["page behaviour/mmap.behaviour_0.html"]
    assert f"page kernel/{FIRST.name}.html" in asked
    assert f"page kernel/{kernel(SERIES[2]).name}.html" not in asked
    assert "page matrix/x86_64-swap.html" not in asked


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"page index.html": 7}', '{"page index.html": ["a", "b"]}'])
def test_a_damaged_memory_costs_nothing_but_time(stored: Path, tmp_path: Path, damage: str) -> None:
    root, out = stored / "results", tmp_path / "out"
    report.site(root, load(stored), out)
    expected = files(out)
    path = Memo.of(root, out).path
    assert path is not None
    assert json.loads(path.read_text())
    path.write_text(damage)
    report.site(root, load(stored), out)
    assert files(out) == expected
