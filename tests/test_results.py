"""Results are written whole, read strictly, and say what of them is still an answer."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
import zstandard

from farm import results
from farm.errors import ResultsError
from farm.results import writer
from farm.types import Ending, Record
from tests.made_up import Shape, info, kernel, record, write_all

A = "mmap.create_vma.anon"
B = "mmap.create_vma.file"


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def only_cell(root: Path) -> results.StoredCell:
    (cell,) = results.scan(root).cells.values()
    return cell


def test_a_cell_comes_back_as_it_was_written(tmp_path: Path) -> None:
    wrote = [record(B, mmap="ok", pages=3), record(A, Ending.DIED, "killed by SIGBUS")]
    results.write(tmp_path, info(oopses=("BUG: x",), tainted=True), wrote, config="CONFIG_MMU=y\n")
    cell = only_cell(tmp_path)
    assert cell.info == info(oopses=("BUG: x",), tainted=True)
    assert cell.full_records() == sorted(wrote, key=lambda record: record.probe)
    assert cell.problems == []
    assert results.scan(tmp_path).config(kernel().name, "x86_64") == "CONFIG_MMU=y\n"


def test_the_same_records_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    records = [record(A, mmap="ok"), record(B, mmap="EINVAL")]
    results.write(tmp_path / "one", info(), records)
    results.write(tmp_path / "two", info(), reversed(records))
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_lines_have_the_published_names_and_are_ascii(tmp_path: Path) -> None:
    folder = results.write(tmp_path, info(), [Record(A, Ending.ANSWERED, {"mmap": "é"}, unstable=("mmap",))])
    line = (folder / "records.jsonl").read_bytes()
    assert line == b'{"end":"answered","probe":"' + A.encode() + b'","saw":{"mmap":"\\u00e9"},"unstable":["mmap"]}\n'
    assert json.loads((folder / "cell.json").read_text())["kernel"]["name"] == "debian-5.10.262-1-cloud"


def test_traces_packed_by_another_zstd_keep_their_bytes(tmp_path: Path) -> None:
    folder = results.write(tmp_path, info(), [record(A, mmap="ok")])
    traces = folder / "traces.jsonl.zst"
    other = zstandard.ZstdCompressor(level=1).compress(zstandard.ZstdDecompressor().decompress(traces.read_bytes()))
    traces.write_bytes(other)
    results.write(tmp_path, info(), [record(A, mmap="ok")])
    assert traces.read_bytes() == other


def test_what_changes_from_run_to_run_lies_beside_and_not_in_the_cell(tmp_path: Path) -> None:
    folder = results.write(tmp_path, info(), [], run={"seconds": 3.5}, console="booting\udcff")
    assert json.loads((folder / "run.json").read_text()) == {"seconds": 3.5}
    assert (folder / "console.log").read_bytes() == b"booting\\udcff"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([record(A), record(A)], "two records for mmap.create_vma.anon"),
        ([Record(A, Ending.DIED)], "a record that is died says why"),
        ([Record("../../etc/passwd", Ending.ANSWERED)], "no probe's id"),
        ([Record(A, Ending.ANSWERED, {"mmap": True})], "a string or a small number"),
        ([Record(A, Ending.ANSWERED, {"<b>": "x"})], "is no word"),
    ],
)
def test_a_record_that_the_protocol_does_not_allow_is_refused(tmp_path: Path, bad: list[Record], says: str) -> None:
    with pytest.raises(ResultsError, match=says):
        results.write(tmp_path, info(), bad)
    assert files(tmp_path) == {}


def test_an_unanswered_cell_says_stage_and_reason_and_has_no_records(tmp_path: Path) -> None:
    unanswered = info(ending="unanswered", stage="boot", why="panic", page_size=None)
    folder = results.write(tmp_path, unanswered)
    assert [path.name for path in folder.iterdir()] == ["cell.json"]
    assert only_cell(tmp_path).info == unanswered
    with pytest.raises(ResultsError, match="says the stage"):
        results.write(tmp_path, info(ending="unanswered"))


def test_a_failed_attempt_leaves_an_answer_in_place_unless_told_otherwise(tmp_path: Path) -> None:
    failed = info(ending="unanswered", stage="qemu", why="no qemu-system-x86_64")
    results.write(tmp_path, info(), [record(A)])
    results.write(tmp_path, failed)
    assert only_cell(tmp_path).info.answered
    results.write(tmp_path, failed, replace_answer=True)
    assert not only_cell(tmp_path).info.answered


def test_partial_reruns_keep_the_records_of_other_families(tmp_path: Path) -> None:
    results.write(tmp_path, info(), [record(A, mmap="ok"), record("brk.expand_brk.plain", brk="ok")])
    old = only_cell(tmp_path).full_records()
    new = [record(A, mmap="EINVAL")]
    merged = results.merge(old, new, keep=lambda probe: probe.startswith("brk."))
    assert merged == [record("brk.expand_brk.plain", brk="ok"), record(A, mmap="EINVAL")]


def _write_for_ever(root: Path) -> None:
    while True:
        results.write(root, info(), [record(A, mmap="EINVAL")])


def test_a_killed_writer_leaves_a_whole_cell_and_its_rests_are_cleared(tmp_path: Path) -> None:
    results.write(tmp_path, info(), [record(A, mmap="ok")])
    context = multiprocessing.get_context("spawn")
    for moment in range(3):
        process = context.Process(target=_write_for_ever, args=(tmp_path,))
        process.start()
        until = time.monotonic() + 30
        while moment and dict(only_cell(tmp_path).records)[A].saw != {"mmap": "EINVAL"} and time.monotonic() < until:
            pass
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        assert list(only_cell(tmp_path).records) == [A]
    results.clean(tmp_path)
    assert list(tmp_path.rglob(".*")) == []


def test_an_exchange_that_stopped_half_way_is_undone(tmp_path: Path) -> None:
    place = results.write(tmp_path, info(), [record(A)])
    place.rename(place.with_name(".plain~old"))
    place.with_name(".plain~new").mkdir()
    results.clean(tmp_path)
    assert list(only_cell(tmp_path).records) == [A]
    assert sorted(path.name for path in place.parent.iterdir()) == ["plain"]


def test_a_file_system_without_exchange_gets_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_renameat2", lambda *_: False)
    results.write(tmp_path, info(), [record(A, mmap="ok")])
    folder = results.write(tmp_path, info(), [record(A, mmap="EINVAL")])
    assert dict(only_cell(tmp_path).records)[A].saw == {"mmap": "EINVAL"}
    assert [path.name for path in folder.parent.iterdir()] == ["plain"]


def _write_many(root: Path, answer: str) -> None:
    for _ in range(10):
        results.write(root, info(), [record(A, mmap=answer), record(B, mmap=answer)])


def test_two_processes_may_write_the_same_cell(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(tmp_path, answer)) for answer in ("ok", "EINVAL")]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
    assert [process.exitcode for process in writers] == [0, 0]
    values = {one.saw["mmap"] for one in only_cell(tmp_path).records.values()}
    assert len(values) == 1
    assert only_cell(tmp_path).problems == []


def test_a_full_disk_is_said_and_leaves_the_old_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.write(tmp_path, info(), [record(A, mmap="ok")])

    def full(path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(writer, "_write_file", full)
    with pytest.raises(ResultsError, match="No space left on device"):
        results.write(tmp_path, info(), [record(A, mmap="EINVAL")])
    assert dict(only_cell(tmp_path).records)[A].saw == {"mmap": "ok"}
    assert list(tmp_path.rglob(".*")) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "line 1: the line is not JSON"),
        (b"[" * 100_000, "line 1: the line is not JSON"),
        (b"[]", "line 1: the line is not a JSON object"),
        (b'{"probe":"mmap.a.b","end":"passed","saw":{}}', "line 1: end 'passed' is not one of"),
        (b'{"probe":"mmap.a.b","end":"answered","saw":{},"time":1}', "line 1: unknown key 'time'"),
        (b'{"probe":"mmap.a.b","end":"answered","saw":{"a":1.5}}', "line 1: mmap.a.b: a should be a string"),
        (b'{"probe":"mmap.a.b","end":"answered"}', "line 1: the line: saw should be an object, is missing"),
        (b'{"probe":"<script>","end":"answered","saw":{}}', "line 1: '<script>' is no probe's id"),
        (b"x" * 300_000, "line 1: longer than 262144 bytes"),
    ],
)
def test_a_broken_line_is_named_and_the_rest_is_read(tmp_path: Path, line: bytes, says: str) -> None:
    path = results.write(tmp_path, info(), [record(B, mmap="ok")]) / "records.jsonl"
    path.write_bytes(line + b"\n" + path.read_bytes())
    stored = results.scan(tmp_path)
    (cell,) = stored.cells.values()
    assert list(cell.records) == [B]
    (problem,) = stored.problems
    assert problem.where == "debian-5.10.262-1-cloud/x86_64/plain/records.jsonl"
    assert problem.what.startswith(says)


def test_lines_out_of_order_twice_or_cut_short_are_named(tmp_path: Path) -> None:
    path = results.write(tmp_path, info(), [record(A), record(B)]) / "records.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(second + first + second + b'{"end"')
    cell = only_cell(tmp_path)
    assert list(cell.records) == [B]
    assert [problem.what.split(":")[0] for problem in cell.problems] == [
        "line 4 has no end",
        "line 2",
        "line 3",
    ]


@pytest.mark.parametrize("name", ["records.jsonl", "traces.jsonl.zst"])
def test_a_missing_or_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    path = results.write(tmp_path, info(), [record(A, mmap="ok")]) / name
    path.unlink()
    missing = only_cell(tmp_path)
    assert (missing.trace(A), [p.what for p in missing.problems if p.where.endswith(name)]) == (
        () if "traces" in name else record(A, mmap="ok").trace,
        [] if "records" in name else ["No such file or directory"],
    )
    path.write_bytes(b"\x28\xb5\x2f\xfd\xff")
    damaged = only_cell(tmp_path)
    assert damaged.full_records() == [] or damaged.trace(A) == ()
    assert [problem.where.rpartition("/")[2] for problem in damaged.problems] == [name]


def test_a_trace_that_claims_to_be_huge_is_not_unpacked(tmp_path: Path) -> None:
    path = results.write(tmp_path, info(), [record(A)]) / "traces.jsonl.zst"
    path.write_bytes(bytes.fromhex("28b52ffde0") + (2**40).to_bytes(8, "little"))
    cell = only_cell(tmp_path)
    assert cell.trace(A) == ()
    assert "claims 1099511627776 bytes" in cell.problems[0].what


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": 2}, "schema 2 is not the schema 1"),
        ({"variant": "swap"}, "cell.json is that of debian-5.10.262-1-cloud/x86_64/swap"),
        ({"variant": "../x"}, "cannot be the name of a folder"),
        ({"ending": "fine"}, "ending 'fine' is not one of answered, unanswered"),
        ({"ending": "unanswered"}, "says the stage that failed and why"),
        ({"tainted": 1}, "tainted should be true or false, is 1"),
        ({"page_size": "4096"}, "page_size should be a number, is '4096'"),
        ({"kernel": []}, r"kernel should be an object, is \[\]"),
        ({"families": {"mmap": 1}}, "families should map a name to a digest"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_and_the_others_are_listed(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    results.write(tmp_path, info(), [record(A)])
    folder = results.write(tmp_path, info(variant="pmem-ext4"), [record(A)]).with_name("plain")
    values = json.loads((folder / "cell.json").read_text())
    (folder / "cell.json").write_text(json.dumps(values | change))
    stored = results.scan(tmp_path)
    assert [cell.info.variant for cell in stored.cells.values()] == ["pmem-ext4"]
    (problem,) = stored.problems
    assert problem.where == "debian-5.10.262-1-cloud/x86_64/plain"
    with pytest.raises(ResultsError, match=says):
        results.read_info(folder)


def test_folders_with_names_that_no_cell_has_are_named(tmp_path: Path) -> None:
    (tmp_path / "a<b" / "x86_64" / "plain").mkdir(parents=True)
    (tmp_path / "k" / "x86_64" / "plain").mkdir(parents=True)
    (tmp_path / "README").write_text("a file is nobody's cell")
    assert [problem.where for problem in results.scan(tmp_path).problems] == ["a<b", "k/x86_64/plain"]


def test_a_results_folder_that_is_not_there_has_no_cells_and_a_file_is_refused(tmp_path: Path) -> None:
    assert results.scan(tmp_path / "none").cells == {}
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="is not a folder"):
        results.scan(tmp_path / "file")


def test_a_thousand_cells_are_listed_in_well_under_a_second(tmp_path: Path) -> None:
    shape = Shape(behaviours=1, probes=1, kinds=0).versions_of(10)
    write_all(tmp_path, shape)
    began = time.perf_counter()
    stored = results.scan(tmp_path)
    each = (time.perf_counter() - began) / len(stored.cells)
    assert len(stored.cells) == 60
    assert each < 0.001
