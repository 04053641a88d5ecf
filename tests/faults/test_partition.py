"""A worker whose network is cut off: it goes on with its cell, and nobody hears of it. Needs root."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from farm.errors import InfraError
from farm.run import run
from farm.settings import ROOT
from tests.test_cluster import CELLS, begun
from tests.test_fleet import tree

pytestmark = [pytest.mark.faults, pytest.mark.cluster, pytest.mark.long]
HERE, THERE = "10.0.0.1", "10.0.0.2"

# Cuts the cable as soon as both workers have a cell, and mends it when all cells have ended.
CALLER = """
import json, sys
from pathlib import Path
from farm.qemu import accel
from farm.run import run
from farm.steps import bus
from tests.test_cluster import CELLS, Farm, wait_for
accel.version = lambda _: "7.2.22"
began = []
def listener(event):
    if (event.step, event.state) == ("cell", "start"):
        began.append(event.subject)
        if len(began) == 2:
            run(["ip", "link", "set", "east", "down"])
bus.listeners.append(listener)
farm = Farm(Path(sys.argv[1]), None, sys.argv[2])
wait_for(farm, 2)
summary = farm.run(CELLS[:3])
run(["ip", "link", "set", "east", "up"])
again = farm.run(CELLS[:3])
print(json.dumps([began, summary.unanswered, again.ran]))
"""


@contextmanager
def network() -> Iterator[int]:
    """Yield the number of a process in a network of its own, which reaches nothing."""
    with subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo there; exec sleep 1000"], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        if holder.stdout.readline() != "there\n":
            pytest.skip("no network of its own for a test here")
        yield holder.pid
        holder.kill()


def inside(network: int) -> list[str]:
    return ["nsenter", "--target", str(network), "--net"]


@pytest.fixture
def cable() -> Iterator[tuple[list[str], list[str]]]:
    """Yield the commands that enter two networks with a cable between them."""
    with network() as here, network() as there:
        ends = {"east": (inside(here), HERE), "west": (inside(there), THERE)}
        try:
            run(
                [
                    *inside(here),
                    "ip",
                    "link",
                    "add",
                    "east",
                    "type",
                    "veth",
                    "peer",
                    "name",
                    "west",
                    "netns",
                    str(there),
                ]
            )
        except InfraError as error:
            pytest.skip(f"no cable between two networks here: {error}")
        for end, (enter, address) in ends.items():
            run([*enter, "ip", "addr", "add", f"{address}/24", "dev", end])
            run([*enter, "ip", "link", "set", end, "up"])
            run([*enter, "ip", "link", "set", "lo", "up"])
        yield inside(here), inside(there)


def test_a_worker_that_is_cut_off_costs_no_cell(
    cable: tuple[list[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", "5s")
    here, there = cable
    (tmp_path / "slow").write_text("4")
    with begun(tmp_path, HERE, here) as farm:
        farm.add("near", inside=here)
        farm.add("far", "--no-nanny", inside=there)
        words = [*here, sys.executable, "-c", CALLER, str(tmp_path), farm.address]
        said = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    began, unanswered, again = json.loads(said.splitlines()[-1])
    # One cell was begun twice: by the worker that was cut off, and by the other one.
    assert (4, {one.name for one in CELLS[:3]}) == (len(began), set(began))
    assert ([], []) == (unanswered, again)
    assert {"/".join(path.split("/")[:3]) for path in tree(tmp_path / "results") if path.endswith("cell.json")} == {
        one.name for one in CELLS[:3]
    }
