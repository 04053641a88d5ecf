"""Cells on a Dask cluster: a scheduler and two workers in processes of their own, with stores of their own.

Guests are made up (tests/fake_guests.py, preloaded by the workers), everything else is real.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm import catalogue, cluster, errand, fleet, lock, results
from farm.arches import ARCHES
from farm.cluster import Cluster
from farm.errors import FarmError, InfraError, ResultsError
from farm.fleet import Summary
from farm.plan import Cell
from farm.qemu import accel
from farm.runner import FleetOptions
from farm.settings import ROOT
from farm.sources.apt import Archive
from farm.steps import Event, bus
from farm.variants import VARIANTS
from tests.made_up import kernel

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("default")]
X86 = ARCHES["x86_64"]
CELLS = [
    Cell(kernel(version), X86, VARIANTS[variant])
    for version in ("6.1.192-1", "6.12.117-1")
    for variant in ("plain", "memcg", "zram")
]
SHOP = fleet.workshop(lock.load(), Archive({}))


@dataclass
class Farm:
    """A scheduler and its workers; each process is ended by its handle."""

    folder: Path
    scheduler: subprocess.Popen[str]
    address: str
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def add(self, name: str, *words: str, resources: str = "", inside: Sequence[str] = ()) -> subprocess.Popen[str]:
        cache = self.folder / name
        cache.mkdir()
        offered = resources or f"{errand.state()}=1000 QEMU=1 MEM_GB=8 {X86.qemu}-7.2.22=1000"
        start = ["worker", self.address, *words, "--nthreads", "1", "--resources", offered, "--no-dashboard"]
        preload = ["--preload", str(ROOT / "tests" / "fake_guests.py"), "--memory-limit", "0", "--name", name]
        mine = {**os.environ, "FARM_CACHE": str(cache), "FAKE_GUESTS": str(self.folder), "FARM_ACCEL": "tcg"}
        mine |= {"PYTHONPATH": str(ROOT)}
        log = (cache / "log").open("w")
        process = subprocess.Popen(
            [*inside, sys.executable, "-m", "dask", *start, *preload],
            env=mine,
            stdout=log,
            stderr=log,
            text=True,
            cwd=self.folder,
            start_new_session=True,
        )
        log.close()
        self.workers.append(process)
        return process

    def run(self, cells: list[Cell], *, fresh: bool = False) -> Summary:
        options = FleetOptions(results=self.folder / "results", scheduler=self.address, fresh=fresh)
        return fleet.run(cells, SHOP, options)

    def ran(self) -> list[str]:
        return sorted(path.read_text() for path in self.folder.glob("ran-*"))


@pytest.fixture
def farm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Farm]:
    monkeypatch.setattr(accel, "version", lambda _: "7.2.22")
    with begun(tmp_path) as made:
        yield made


@contextmanager
def begun(folder: Path, host: str = "127.0.0.1", inside: Sequence[str] = ()) -> Iterator[Farm]:
    """Start a scheduler that listens at `host`, by the command `inside` where there is one; all ends with the block."""
    words = [*inside, sys.executable, "-m", "dask", "scheduler", "--host", host, "--port", "0", "--no-dashboard"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    scheduler = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=folder, env=env, start_new_session=True)
    assert scheduler.stderr is not None
    address = ""
    while not address:
        line = scheduler.stderr.readline()
        assert line, "the scheduler ended before it said where it is"
        found = re.search(r"Scheduler at:\s+(tcp://\S+)", line)
        address = found[1] if found else ""
    made = Farm(folder, scheduler, address)
    try:
        yield made
    finally:
        for process in [*made.workers, scheduler]:
            # Each leads a session of its own; a nanny's worker is in it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)
        scheduler.stderr.close()


def wait_for(farm: Farm, workers: int) -> None:
    from distributed import Client

    with Client(farm.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(workers, timeout=60)


def test_two_workers_answer_every_cell_and_the_files_are_those_of_a_local_run(farm: Farm) -> None:
    farm.add("one")
    farm.add("two")
    wait_for(farm, 2)
    summary = farm.run(CELLS)
    assert (len(CELLS), []) == (summary.answered, summary.unanswered)
    assert sorted(one.name for one in CELLS) == farm.ran()
    stored = results.scan(farm.folder / "results")
    assert (len(CELLS), []) == (len(stored.cells), stored.problems)
    assert {"CONFIG_X=y\n"} == {stored.config(one.kernel.name, "x86_64") for one in CELLS}


def test_what_a_worker_is_doing_is_seen_here(farm: Farm) -> None:
    farm.add("one")
    wait_for(farm, 1)
    seen: list[Event] = []
    bus.listeners.append(seen.append)
    try:
        farm.run(CELLS[:1])
    finally:
        bus.listeners.remove(seen.append)
    assert {"start", "done"} <= {
        event.state for event in seen if (event.step, event.subject) == ("cell", CELLS[0].name)
    }


def test_an_answered_cell_is_not_sent_again_and_fresh_sends_it(farm: Farm) -> None:
    farm.add("one")
    wait_for(farm, 1)
    farm.run(CELLS[:2])
    assert [] == farm.run(CELLS[:2]).ran
    assert 2 == len(farm.run(CELLS[:2], fresh=True).ran)
    assert 4 == len(farm.ran())


@pytest.mark.faults
def test_a_guest_that_does_not_boot_leaves_its_cell_unanswered_with_the_reason(farm: Farm) -> None:
    farm.add("one")
    wait_for(farm, 1)
    (farm.folder / "fail-memcg").touch()
    summary = farm.run(CELLS[:3])
    assert [(CELLS[1].name, "no word within 150 s")] == summary.unanswered
    info = results.read_info(farm.folder / "results" / CELLS[1].name)
    assert ("unanswered", "boot") == (info.ending, info.stage)


@pytest.mark.faults
def test_a_killed_worker_costs_no_cell(farm: Farm) -> None:
    (farm.folder / "slow").write_text("1")
    first = farm.add("one", "--no-nanny")
    farm.add("two")
    wait_for(farm, 2)
    listener = Killer(first)
    bus.listeners.append(listener)
    try:
        summary = farm.run(CELLS)
    finally:
        bus.listeners.remove(listener)
    assert (len(CELLS), []) == (summary.answered, summary.unanswered)
    assert len(CELLS) <= len(farm.ran())


class Killer:
    """Kills a worker's process group leader as soon as any cell has begun."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __call__(self, event: Event) -> None:
        if event.step == "cell" and event.state == "start" and self.process.poll() is None:
            self.process.kill()


@pytest.mark.faults
def test_a_cell_that_kills_its_workers_ends_as_our_failure_and_the_others_go_on(farm: Farm) -> None:
    (farm.folder / "zram").touch()
    farm.add("one")
    wait_for(farm, 1)
    summary = farm.run(CELLS[:3])
    assert [CELLS[2].name] == [name for name, _ in summary.unanswered]
    assert "its workers died with it" in summary.unanswered[0][1]


def test_a_need_that_no_worker_has_is_said_and_does_not_wait(farm: Farm) -> None:
    farm.add("one", resources=f"{errand.state()}=1 QEMU=1 MEM_GB=8")
    wait_for(farm, 1)
    summary = farm.run(CELLS[:1])
    assert f"no worker has 1 QEMU and 0.75 MEM_GB and 1 {X86.qemu}-7.2.22" in summary.unanswered[0][1]


@pytest.mark.faults
def test_a_lost_scheduler_is_our_failure_and_what_was_finished_is_kept(farm: Farm) -> None:
    (farm.folder / "slow").write_text("2")
    farm.add("one")
    wait_for(farm, 1)
    done: list[str] = []

    def listener(event: Event) -> None:
        if event.step == "cell" and event.state == "done":
            done.append(event.subject)
            farm.scheduler.kill()

    bus.listeners.append(listener)
    try:
        summary = farm.run(CELLS[:3])
    finally:
        bus.listeners.remove(listener)
    assert 3 == len(summary.ran) + len(summary.unanswered)
    assert summary.unanswered
    assert all("scheduler is gone" in why or "cancelled" in why for _, why in summary.unanswered)


@pytest.mark.faults
def test_without_a_scheduler_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:1"):
        Cluster(SHOP, FleetOptions(results=tmp_path, scheduler="tcp://127.0.0.1:1"))


def test_a_worker_of_another_state_of_the_farm_gets_nothing(farm: Farm) -> None:
    farm.add("one", resources=f"FARM-0123=1000 QEMU=1 MEM_GB=8 {X86.qemu}-7.2.22=1000")
    wait_for(farm, 1)
    assert "none of 1 workers runs this state of the farm" in farm.run(CELLS[:1]).unanswered[0][1]


@pytest.mark.faults
def test_when_the_last_worker_is_gone_its_cells_are_given_up(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 4.0)
    (farm.folder / "slow").write_text("60")
    listener = Killer(farm.add("one", "--no-nanny"))
    wait_for(farm, 1)
    bus.listeners.append(listener)
    try:
        summary = farm.run(CELLS[:2])
    finally:
        bus.listeners.remove(listener)
    assert ([], 2) == (summary.ran, len(summary.unanswered))


@pytest.mark.faults
def test_files_that_changed_on_the_way_are_refused() -> None:
    files = {"cell.json": b"{}"}
    assert files == errand.Parcel(files, errand.digest_of(files)).checked("a cell")
    with pytest.raises(ResultsError, match="changed on the way"):
        errand.Parcel(files, errand.digest_of({"cell.json": b"[]"})).checked("a cell")


@pytest.mark.faults
def test_a_broken_cell_that_comes_back_is_not_stored(tmp_path: Path) -> None:
    with pytest.raises(FarmError):
        errand.deliver({"cell.json": b"{}"}, CELLS[0].name, tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_the_state_of_the_farm_has_a_name_that_does_not_change_by_itself() -> None:
    errand.fingerprint.cache_clear()
    first = errand.fingerprint()
    errand.fingerprint.cache_clear()
    assert first == errand.fingerprint()
    assert catalogue.load().families
