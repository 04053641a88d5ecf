"""Joining results of several machines: what fits is copied, what does not is named, nothing is overwritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from farm import results
from farm.commands.publishing import merge_results
from farm.errors import PlanError
from farm.merge import Merged, merge
from farm.results import CellInfo
from tests.made_up import Shape, info, kernel, record, write_all

CONFIG = "CONFIG_MMU=y\n"
DIGEST = hashlib.sha256(CONFIG.encode()).hexdigest()
NEW, OLD = kernel("7.3.4-1"), kernel("6.12.117-1")


def cell(build: object = OLD, variant: str = "plain", **changes: object) -> CellInfo:
    return info(build, variant, **({"config_sha256": DIGEST} | changes))  # type: ignore[arg-type]


def put(root: Path, made: CellInfo, *, config: str = CONFIG, mmap: str = "ok") -> Path:
    records = [record("mmap.create_vma.length_zero", mmap=mmap)] if made.answered else []
    return results.write(root, made, records, config=config if made.answered else "")


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def unanswered(build: object = OLD) -> CellInfo:
    return cell(build, ending="unanswered", stage="boot", why="no login marker within 60 s")


def test_cells_of_several_machines_come_together(tmp_path: Path) -> None:
    put(tmp_path / "a", cell(), mmap="ok")
    put(tmp_path / "b", cell(NEW), mmap="EINVAL")
    put(tmp_path / "b", cell(NEW, "hugepages"), mmap="ok")
    found = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert [one.info.name for one in results.scan(tmp_path / "all").cells.values()] == found.added
    assert {**content(tmp_path / "a"), **content(tmp_path / "b")} == content(tmp_path / "all")


def test_the_same_cell_again_is_the_same(tmp_path: Path) -> None:
    put(tmp_path / "a", cell(), mmap="ok")
    merge([tmp_path / "a"], tmp_path / "all")
    before = (tmp_path / "all" / OLD.name / "x86_64" / "plain").stat().st_mtime_ns
    assert Merged(same=[cell().name]) == merge([tmp_path / "a"], tmp_path / "all")
    assert before == (tmp_path / "all" / OLD.name / "x86_64" / "plain").stat().st_mtime_ns


def test_other_answers_of_one_cell_are_a_conflict_and_nothing_is_overwritten(tmp_path: Path) -> None:
    put(tmp_path / "a", cell(), mmap="ok")
    put(tmp_path / "all", cell(), mmap="EINVAL")
    before = content(tmp_path / "all")
    found = merge([tmp_path / "a"], tmp_path / "all")
    where = f"{tmp_path}/a/{cell().name} and {tmp_path}/all/{cell().name}"
    assert [f"{where}: other answers of mmap.create_vma.length_zero"] == found.conflicts
    assert before == content(tmp_path / "all")


def test_two_sources_that_contradict_each_other_are_a_conflict_too(tmp_path: Path) -> None:
    put(tmp_path / "a", cell(), mmap="ok")
    put(tmp_path / "b", cell(), mmap="EINVAL")
    found = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert ([cell().name], 1) == (found.added, len(found.conflicts))
    assert content(tmp_path / "a") == content(tmp_path / "all")


def test_a_conflict_says_what_the_answers_were_made_with(tmp_path: Path) -> None:
    put(tmp_path / "a", cell(qemu="10.0.1"), mmap="ok")
    put(tmp_path / "all", cell(), mmap="ok")
    assert merge([tmp_path / "a"], tmp_path / "all").conflicts[0].endswith(": made with another QEMU")


def test_an_answer_goes_before_none(tmp_path: Path) -> None:
    put(tmp_path / "a", cell(), mmap="ok")
    put(tmp_path / "b", unanswered())
    put(tmp_path / "all", unanswered())
    assert Merged(replaced=[cell().name], kept=[cell().name]) == merge(
        [tmp_path / "a", tmp_path / "b"], tmp_path / "all"
    )
    assert content(tmp_path / "a") == content(tmp_path / "all")


def spoil_schema(place: Path) -> None:
    path = place / "cell.json"
    path.write_text(path.read_text().replace('"schema":1', '"schema":9'))


def spoil_digest(place: Path) -> None:
    path = place / "cell.json"
    said = json.loads(path.read_text())
    said["kernel"]["digest"] = "0" * 64
    path.write_text(json.dumps(said))


def spoil_record(place: Path) -> None:
    path = place / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-3])


def spoil_traces(place: Path) -> None:
    (place / "traces.jsonl.zst").write_bytes(b"no traces")


def spoil_config(place: Path) -> None:
    (place.parent / "config").write_text("CONFIG_MMU=n\n")


def remove_config(place: Path) -> None:
    (place.parent / "config").unlink()


SPOILT: dict[Callable[[Path], None], str] = {
    spoil_schema: "plain/cell.json: cell.json: schema 9 is not the schema 1",
    spoil_digest: "plain/cell.json: the kernel's digest is not that of its packages",
    spoil_record: "plain/records.jsonl: line 1 has no end",
    spoil_traces: "plain/traces.jsonl.zst: traces.jsonl.zst is damaged",
    spoil_config: "x86_64/config: not the configuration that",
    remove_config: "x86_64/config: No such file",
}


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_what_does_not_fit_is_refused_by_its_file_and_the_rest_is_taken(
    spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    put(tmp_path / "a", cell(NEW), mmap="ok")
    spoil(put(tmp_path / "a", cell(), mmap="ok"))
    found = merge([tmp_path / "a"], tmp_path / "all")
    assert ([cell(NEW).name], 1) == (found.added, len(found.refused))
    assert found.refused[0].startswith(f"{tmp_path}/a/{OLD.name}/x86_64/")
    assert SPOILT[spoil] in found.refused[0]
    assert [cell(NEW).name] == [one.info.name for one in results.scan(tmp_path / "all").cells.values()]


def test_a_build_has_one_configuration(tmp_path: Path) -> None:
    put(tmp_path / "all", cell(), mmap="ok")
    other = hashlib.sha256(b"CONFIG_MMU=n\n").hexdigest()
    put(tmp_path / "a", cell(variant="hugepages", config_sha256=other), config="CONFIG_MMU=n\n", mmap="ok")
    found = merge([tmp_path / "a"], tmp_path / "all")
    assert "another cell of this build has another configuration" in found.refused[0]
    assert CONFIG == (tmp_path / "all" / OLD.name / "x86_64" / "config").read_text()


def test_checking_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "a", cell(), mmap="ok")
    assert 0 == merge_results([str(tmp_path / "a")], folder=str(tmp_path / "all"), check=True)
    assert f"{tmp_path}/all: 1 added (nothing was written)\n" == capsys.readouterr().out
    assert not (tmp_path / "all").exists()


def test_the_command_answers_2_where_something_stays_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_all(tmp_path / "a", Shape(versions=("6.12.117-1",), behaviours=1))
    assert 2 == merge_results([str(root)], folder=str(tmp_path / "all"))
    said = capsys.readouterr().out
    assert "refused: " in said
    assert "not the configuration that" in said


@pytest.mark.parametrize("folders", [[], ["nowhere"], ["."]])
def test_folders_without_results_are_a_mistake(
    folders: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError):
        merge_results(folders, folder=str(tmp_path / "all"))


def test_a_killed_merge_leaves_no_half_a_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "a", cell(), mmap="ok")
    put(tmp_path / "a", cell(NEW), mmap="ok")
    written: list[str] = []
    whole = results.write

    def dies(root: Path, made: CellInfo, *args: object, **options: object) -> Path:
        if written:
            raise KeyboardInterrupt
        written.append(made.name)
        return whole(root, made, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(results, "write", dies)
    with pytest.raises(KeyboardInterrupt):
        merge([tmp_path / "a"], tmp_path / "all")
    monkeypatch.undo()
    assert written == [one.info.name for one in results.scan(tmp_path / "all").cells.values()]
    merge([tmp_path / "a"], tmp_path / "all")
    assert content(tmp_path / "a") == content(tmp_path / "all")
