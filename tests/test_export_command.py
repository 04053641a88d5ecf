"""./inv export: what is chosen, where it goes, and what it answers when results are not as they should be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from farm import catalogue, results
from farm.commands.exporting import export_results
from farm.errors import InfraError, PlanError
from farm.export import FORMATS, Options, sheets
from farm.export.documents import Document, write
from tests.export_contract import PASSING, expected, read
from tests.export_readers import READERS
from tests.made_export import SHAPE, exported, made_catalogue, only
from tests.made_up import SERIES, info, kernel, record, write_all

ALL = ("", "", "")
HERE = f"{kernel().name}/x86_64/plain"
THERE = f"{kernel(SERIES[1]).name}/x86_64/plain"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_all(tmp_path_factory.mktemp("made") / "results", SHAPE)


@pytest.fixture
def stored(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalogue, "load", made_catalogue)
    return Path(shutil.copytree(made, tmp_path / "results"))


def run(stored: Path, shape: str, only: tuple[str, str, str] = ALL, out: str = "") -> int:
    return export_results(shape, only, out=out, folder=str(stored))


def test_one_document_goes_to_standard_output_alone(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(stored, "bcd", ("6.1", "x86_64", "plain")) == 0
    said = capsys.readouterr()
    assert {"debian-6.1.192-1-cloud"} == json.loads(said.out)["kernels"].keys()
    assert "inv: export: 1 cells, 17 probes in them, 0 missing\n" == said.err


def test_a_series_means_all_its_builds_and_never_a_longer_one(stored: Path) -> None:
    run(stored, "csv", ("6.1", "", ""), str(stored / "out.csv"))
    lines = (stored / "out.csv").read_text().splitlines()[1:]
    assert {"debian-6.1.192-1-cloud"} == {line.split(",")[0] for line in lines}


def test_what_is_missing_answers_2(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (stored / HERE / "records.jsonl").write_text("")
    assert run(stored, "junit", ("5.10", "x86_64", "plain")) == 2
    assert "inv: export: 1 cells, 17 probes in them, 17 missing\n" == capsys.readouterr().err


def test_a_cell_without_an_answer_answers_2_and_is_named(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell = "debian-7.3.4-1~bpo13+1-cloud/arm64/pmem-ext4"
    assert run(stored, "junit", ("7.3", "arm64", "pmem-ext4")) == 2
    assert f"inv: {cell}: unanswered, boot: no login marker within 60 s\n" in capsys.readouterr().err


def test_many_files_need_a_folder(stored: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"this makes 30 files, such as .*/plain.ktap"):
        run(stored, "ktap")
    assert run(stored, "ktap", out=str(tmp_path / "out")) == 2
    assert 30 == len(list((tmp_path / "out").rglob("*.ktap")))
    assert not list((tmp_path / "out").rglob("*.new"))


def test_one_file_goes_into_a_folder_that_is_there(stored: Path, tmp_path: Path) -> None:
    assert run(stored, "bcd", out=str(tmp_path)) == 2
    assert (tmp_path / "memory-compat.json").is_file()


@pytest.mark.parametrize(
    ("only", "shape", "says"),
    [
        (("6.13", "", ""), "csv", "--kernels: no results of '6.13'"),
        (("", "riscv64", ""), "csv", "--arches: no results of 'riscv64'"),
        (("", "", "swap"), "csv", "--variants: no results of 'swap'"),
        (ALL, "cvs", "--format: unknown format 'cvs'"),
    ],
)
def test_an_unknown_name_is_an_error_that_says_where(
    stored: Path, only: tuple[str, str, str], shape: str, says: str
) -> None:
    with pytest.raises(PlanError, match=says) as raised:
        run(stored, shape, only)
    assert raised.value.hint


def test_an_origin_is_one_that_kcidb_takes(stored: Path) -> None:
    with pytest.raises(PlanError, match="--origin: 'My Farm'"):
        export_results("kcidb", ALL, out="", folder=str(stored), origin="My Farm")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="would be written twice"):
        write([Document("a", ["1"]), Document("a", ["2"])], str(tmp_path))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InfraError, match=r"file/x/out\.csv cannot be written"):
        write([Document("a", ["1"])], str(tmp_path / "file" / "x" / "out.csv"))


def break_a_line(root: Path) -> None:
    path = root / HERE / "records.jsonl"
    first, *rest = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([first[:-2], *rest]))


def cut_short(root: Path) -> None:
    path = root / HERE / "records.jsonl"
    path.write_bytes(path.read_bytes()[:40])


def foreign_schema(root: Path) -> None:
    path = root / HERE / "cell.json"
    path.write_text(path.read_text().replace('"schema":1', '"schema":9'))


def no_cell(root: Path) -> None:
    shutil.rmtree(root / HERE)
    other = info(kernel(), "hugepages")
    results.write(root, other, [record("mmap.behaviour_0.probe_0", mmap="EINVAL")])


def forgotten_probe(root: Path) -> None:
    results.write(root, info(kernel()), [record("mmap.forgotten.probe", mmap="ok")])


BAD: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a broken line": (break_a_line, "brk.behaviour_0.probe_0", "line 1: the line is not JSON"),
    "a file cut short": (cut_short, "brk.behaviour_0.probe_0", "the file is cut short"),
    "a foreign schema": (foreign_schema, "mmap.behaviour_0.probe_0", "schema 9 is not the schema 1"),
    "a cell that is not there": (no_cell, "mmap.behaviour_0.probe_0", "no result for this cell"),
    "a probe that the catalogue forgot": (forgotten_probe, "mmap.forgotten.probe", "does not have this probe any more"),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("bad", BAD)
def test_bad_results_are_shown_as_what_they_are_and_the_rest_as_ever(stored: Path, name: str, bad: str) -> None:
    spoil, probe, why = BAD[bad]
    before = read(name, sheets(results.scan(stored), made_catalogue()))
    spoil(stored)
    of = sheets(results.scan(stored), made_catalogue())
    after = read(name, of)
    assert after[HERE, probe].outcome not in PASSING | {"DONE"}
    assert expected(name, of) == after
    assert before[THERE, probe] == after[THERE, probe] if (THERE, probe) in before else True
    assert run(stored, name, out=f"{stored}-out/") == 2
    assert why in "".join(text for document in FORMATS[name].documents(of, Options()) for text in document.pieces)


def test_a_probe_that_the_catalogue_forgot_answers_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "load", lambda: only("mmap.behaviour_0.probe_0"))
    results.write(tmp_path, info(kernel()), [record("mmap.behaviour_0.probe_0", mmap="EINVAL")])
    assert run(tmp_path, "junit") == 0
    forgotten = [record("mmap.behaviour_0.probe_0", mmap="EINVAL"), record("mmap.forgotten.probe", mmap="ok")]
    results.write(tmp_path, info(kernel()), forgotten)
    assert run(tmp_path, "junit") == 2
    texts = exported("squad", sheets(results.scan(tmp_path), catalogue.load()))
    assert "fail" == READERS["squad"](texts)[HERE, "cell.complete"].outcome


def test_problems_of_cells_that_nobody_asked_for_are_not_told(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign_schema(stored)
    assert run(stored, "bcd", ("6.1", "x86_64", "plain")) == 0
    said = capsys.readouterr()
    assert [] == json.loads(said.out)["problems"]
    assert "schema" not in said.err
    (stored / "odd name" / "x" / "y").mkdir(parents=True)
    assert run(stored, "bcd", ("6.1", "x86_64", "plain")) == 2
    assert "odd name" in capsys.readouterr().err
