"""Machines of a cluster that fall silent or answer twice; a real scheduler and workers with made-up guests."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from farm import errand, results
from farm.errand import deliver
from farm.steps import Event, bus
from farm.types import Ending, Record
from tests.made_up import info
from tests.test_cluster import CELLS, Farm, farm, wait_for
from tests.test_fleet import tree

__all__ = ["farm"]  # a fixture
pytestmark = [pytest.mark.faults, pytest.mark.cluster, pytest.mark.filterwarnings("default")]
SECONDS = 120


@pytest.fixture(autouse=True)
def schedulers_that_miss_a_worker_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker says every half second that it is there; by default it is given up after five minutes."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", "5s")


class Silencer:
    """Stops a worker as soon as any cell has begun: its connections stay open, and nothing comes over them."""

    def __init__(self, worker: subprocess.Popen[str]) -> None:
        self.worker = worker
        self.guard = threading.Lock()
        self.began: list[str] = []

    def __call__(self, event: Event) -> None:
        with self.guard:
            if event.step == "cell" and event.state == "start":
                self.began.append(event.subject)
                if len(self.began) == 2:  # one on each worker
                    os.killpg(self.worker.pid, signal.SIGSTOP)


@pytest.fixture
def silencer(farm: Farm) -> Iterator[Silencer]:
    """Start two workers, of which one falls silent with a cell in its hands."""
    (farm.folder / "slow").write_text("4")
    worker = farm.add("one", "--no-nanny")
    farm.add("two")
    wait_for(farm, 2)
    listener = Silencer(worker)
    bus.listeners.append(listener)
    yield listener
    bus.listeners.remove(listener)


def test_a_worker_that_falls_silent_costs_no_cell_and_may_end_its_cell_late(farm: Farm, silencer: Silencer) -> None:
    few = CELLS[:3]
    summary = farm.run(few)
    assert (3, []) == (summary.answered, summary.unanswered)
    # Its cell was begun a second time, by the other worker.
    assert 4 == len(silencer.began)
    assert {one.name for one in few} == set(silencer.began)
    before = tree(farm.folder / "results")

    os.killpg(silencer.worker.pid, signal.SIGCONT)
    assert sorted(one.name for one in CELLS[3:]) == sorted(farm.run(CELLS).ran)
    after = tree(farm.folder / "results")
    assert before == {name: after[name] for name in before}


def test_two_farms_that_send_the_same_cells_get_the_same_bytes(farm: Farm, tmp_path: Path) -> None:
    farm.add("one")
    farm.add("two")
    wait_for(farm, 2)
    unanswered: list[list[tuple[str, str]]] = []
    both = [threading.Thread(target=lambda: unanswered.append(farm.run(CELLS).unanswered)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(SECONDS)
    assert [[], []] == unanswered
    twice = tree(tmp_path / "results")
    farm.run(CELLS, fresh=True)
    assert twice == tree(tmp_path / "results")
    assert [] == list((tmp_path / "results").rglob(".*"))


class Held(dict[str, bytes]):
    """The files of a cell, one of which is only to be had when the test lets it go."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.reached, self.let_go = threading.Event(), threading.Event()

    def __getitem__(self, name: str) -> bytes:
        if name == "records.jsonl":
            self.reached.set()
            assert self.let_go.wait(SECONDS)
        return super().__getitem__(name)


def test_a_cell_that_comes_back_from_two_workers_at_once_is_whole(tmp_path: Path) -> None:
    records = [Record("mmap.create.one", Ending.ANSWERED, {"mmap": "ok"}, trace=("mmap() = A",))]
    place = results.write(tmp_path / "sent", info(), records, config="CONFIG_X=y\n", run={})
    files = errand.pack(place)
    held = Held(files)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(deliver, held, info().name, tmp_path / "results")
        assert held.reached.wait(SECONDS)
        deliver(files, info().name, tmp_path / "results")
        held.let_go.set()
        slow.result(SECONDS)
    assert tree(tmp_path / "sent") == tree(tmp_path / "results")
    assert [] == list((tmp_path / "results").rglob(".*"))
