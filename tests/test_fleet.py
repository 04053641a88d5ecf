"""The fleet on a fake guest: which cells run, what is kept, what a failure costs."""

from pathlib import Path
from types import SimpleNamespace
from typing import Protocol, cast

import pytest

import farm.asking
from farm import fleet, results
from farm.arches import ARCHES
from farm.asking import Answers
from farm.catalogue import load
from farm.check import Order
from farm.errors import BootError, PanicError
from farm.fleet import Summary
from farm.lock import Lock
from farm.plan import Cell
from farm.prepare import Prepared, Workshop
from farm.qemu import accel
from farm.results import StoredCell
from farm.runner import FleetOptions
from farm.sources.apt import Archive
from farm.steps import Event, bus
from farm.types import Ending, Package, Record
from farm.variants import VARIANTS
from tests.made_up import kernel

YAML = """\
behaviours:
  {call}.create:
    says: it makes one
    probes:
      one: {{says: the first, core: true, saw: {{mmap: [ok]}}, claim: []}}
      two: {{says: the second, needs: [hugetlb], saw: {{mmap: [ok]}}, claim: []}}
"""
# Nothing may ask it: everything that a cell needs is made up.
NO_ARCHIVE = cast("Archive", None)
ROOT = Package("busybox-static", "1", "amd64", "pool/b.deb", "ab" * 32, 10)
SERIES = ("6.1.192-1", "6.12.117-1")
CELLS = [
    Cell(kernel(version), ARCHES["x86_64"], VARIANTS[variant])
    for version in SERIES
    for variant in ("plain", "hugepages")
]


class Run(Protocol):
    def __call__(self, *, fresh: bool = False, repeat: int = 1) -> Summary: ...


class Fake:
    """Stands for guests: remembers what was asked; `failing` maps a cell's name to what its boot raises."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[str, ...]] = {}
        self.failing: dict[str, Exception] = {}
        self.value = "ok"

    def ask_all(self, cell: Cell, _prepared: Prepared, order: Order) -> Answers:
        if cell.name in self.failing:
            raise self.failing[cell.name]
        self.asked[cell.name] = order.probes
        records = {probe: Record(probe, Ending.ANSWERED, {"mmap": self.value}, trace=("x",)) for probe in order.probes}
        return Answers(records=records, page_size=4096)


@pytest.fixture
def guests(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    prepared = SimpleNamespace(accel="tcg", config="CONFIG_X=y\n", ruled_out={})
    monkeypatch.setattr(farm.asking, "ask_all", fake.ask_all)
    monkeypatch.setattr(Workshop, "prepare", lambda *_: prepared)
    monkeypatch.setattr(Workshop, "checker", lambda *_: b"")
    monkeypatch.setattr(Workshop, "kernel", lambda *_: None)
    monkeypatch.setattr(accel, "version", lambda _: "7.2.22")
    monkeypatch.setenv("FARM_ACCEL", "tcg")
    return fake


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    (tmp_path / "catalogue").mkdir()
    for call in ("mmap", "brk"):
        (tmp_path / "catalogue" / f"{call}.yaml").write_text(YAML.format(call=call))
    catalogue = load(tmp_path / "catalogue")
    return Workshop(
        Lock((), {"amd64": (ROOT,)}), catalogue, archive=NO_ARCHIVE, digests={"mmap": "1" * 64, "brk": "2" * 64}
    )


@pytest.fixture
def run(tmp_path: Path, shop: Workshop, guests: Fake) -> Run:
    def go(*, fresh: bool = False, repeat: int = 1) -> Summary:
        guests.asked.clear()
        return fleet.run(CELLS, shop, FleetOptions(jobs=2, results=tmp_path / "results", fresh=fresh, repeat=repeat))

    return go


def stored(cell: Cell, root: Path) -> StoredCell:
    found = results.scan(root).cell(*cell.name.split("/"))
    assert found is not None
    return found


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {"run.json", ".lock"}
    }


def test_every_cell_is_answered_and_written(run: Run, tmp_path: Path, guests: Fake) -> None:
    summary = run()
    assert (summary.planned, summary.answered, len(summary.ran)) == (4, 4, 4)
    assert {cell.name for cell in CELLS} == set(guests.asked)
    assert len(results.scan(tmp_path / "results").cells) == 4


def test_with_nothing_changed_nothing_runs(run: Run, guests: Fake) -> None:
    run()
    summary = run()
    assert (summary.answered, summary.ran, guests.asked) == (4, [], {})


def test_fresh_runs_everything_and_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    run()
    before = tree(tmp_path / "results")
    assert len(run(fresh=True).ran) == 4
    assert tree(tmp_path / "results") == before


def test_a_deleted_cell_is_the_only_one_that_runs_and_comes_back(run: Run, tmp_path: Path) -> None:
    run()
    before = tree(tmp_path / "results")
    gone = tmp_path / "results" / CELLS[1].name
    for path in gone.iterdir():
        path.unlink()
    gone.rmdir()
    assert run().ran == [CELLS[1].name]
    assert tree(tmp_path / "results") == before


def test_a_changed_family_is_asked_alone_and_the_others_are_kept(
    run: Run, shop: Workshop, tmp_path: Path, guests: Fake
) -> None:
    run()
    shop.digests = {**shop.digests, "brk": "3" * 64}
    guests.value = "EINVAL"
    run()
    assert guests.asked[CELLS[0].name] == ("brk.create.one", "brk.create.two")
    records = stored(CELLS[0], tmp_path / "results").records
    assert [record.saw["mmap"] for record in records.values()] == ["EINVAL", "EINVAL", "ok", "ok"]


def test_a_cell_that_panics_at_boot_costs_only_itself(run: Run, tmp_path: Path, guests: Fake) -> None:
    guests.failing[CELLS[0].name] = PanicError("Kernel panic - not syncing: no init")
    summary = run()
    assert summary.unanswered == [(CELLS[0].name, "Kernel panic - not syncing: no init")]
    assert summary.answered == 3
    info = stored(CELLS[0], tmp_path / "results").info
    assert (info.ending, info.stage, info.why) == ("unanswered", "boot", "Kernel panic - not syncing: no init")


def test_the_next_run_does_only_what_is_missing(run: Run, guests: Fake) -> None:
    guests.failing[CELLS[0].name] = BootError("no word within 150 s")
    run()
    guests.failing.clear()
    assert run().ran == [CELLS[0].name]


def test_a_failed_rerun_leaves_the_answer_that_was_there(run: Run, tmp_path: Path, guests: Fake) -> None:
    run()
    before = tree(tmp_path / "results")
    guests.failing[CELLS[0].name] = BootError("no word within 150 s")
    assert run(fresh=True).unanswered == [(CELLS[0].name, "no word within 150 s")]
    assert tree(tmp_path / "results") == before


def test_another_qemu_is_another_answer_and_no_qemu_is_none(
    run: Run, shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    monkeypatch.setattr(accel, "version", lambda _: "10.0.2")
    why = fleet.todo(CELLS, shop, tmp_path / "results")[0][1]
    assert why == "QEMU version (7.2.22 → 10.0.2) changed"
    monkeypatch.setattr(accel, "version", lambda _: "")
    assert [why for _, why in fleet.todo(CELLS, shop, tmp_path / "results")] == [None] * 4


def test_a_variant_asks_for_what_its_words_serve(run: Run, guests: Fake) -> None:
    run()
    assert guests.asked[CELLS[1].name] == ("brk.create.one", "brk.create.two", "mmap.create.one", "mmap.create.two")
    assert VARIANTS["hugepages"].gives


def test_a_broken_probe_is_said_although_the_cell_is_answered(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Record("mmap.create.one", Ending.BROKEN, why="no hugetlb page")
    monkeypatch.setattr(farm.asking, "ask_all", lambda *_: Answers(records={broken.probe: broken}, page_size=4096))
    summary = run()
    assert summary.answered == 4
    assert summary.broken[0] == (f"{CELLS[0].name} mmap.create.one", "broken: no hugetlb page")


def test_a_word_that_differs_between_two_runs_of_a_cell_is_marked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: dict[str, int] = {}

    def changing(cell: Cell, _prepared: Prepared, order: Order) -> Answers:
        runs[cell.name] = runs.get(cell.name, 0) + 1
        value = "ok" if runs[cell.name] == 1 else "EINVAL"
        records = {one: Record(one, Ending.ANSWERED, {"mmap": value, "n": 1}, trace=("x",)) for one in order.probes}
        return Answers(records=records, page_size=4096)

    monkeypatch.setattr(farm.asking, "ask_all", changing)
    run(repeat=2)
    records = stored(CELLS[0], tmp_path / "results").records
    assert {record.unstable for record in records.values()} == {("mmap",)}


def test_a_fault_of_ours_in_one_cell_lets_the_others_finish_and_is_raised_in_the_end(
    run: Run, guests: Fake, tmp_path: Path
) -> None:
    guests.failing[CELLS[0].name] = ZeroDivisionError("ours")
    with pytest.raises(ZeroDivisionError):
        run()
    assert len(results.scan(tmp_path / "results").cells) == 3


def test_a_full_disk_costs_the_cell_that_met_it(run: Run, guests: Fake) -> None:
    guests.failing[CELLS[0].name] = OSError(28, "No space left on device")
    summary = run()
    assert summary.unanswered == [(CELLS[0].name, "[Errno 28] No space left on device")]
    assert len(summary.ran) == 3


def test_every_cell_that_runs_has_its_row_in_the_live_view(run: Run, guests: Fake) -> None:
    events: list[Event] = []
    guests.failing[CELLS[0].name] = BootError("no word within 150 s")
    bus.listeners.append(events.append)
    try:
        run()
    finally:
        bus.listeners.remove(events.append)
    seen = [(event.subject, event.state) for event in events if event.step == "cell"]
    ends = [(cell.name, "failed" if cell is CELLS[0] else "done") for cell in CELLS]
    assert sorted(seen) == sorted([*((cell.name, "start") for cell in CELLS), *ends])
    assert [event.message for event in events if event.state == "failed"] == ["no word within 150 s"]
