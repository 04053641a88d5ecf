"""A farm that is killed: what was finished is kept, the next run does the rest, and the bytes are the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from farm.guest import run_folder
from farm.settings import ROOT
from tests.faults.conftest import NAMES, SECONDS, Place, end_of

pytestmark = pytest.mark.faults
STAGES = ("prepare", "guest", "records.jsonl", "cell.json", "before exchange", "after exchange")
# A farm leaves a stage by either signal in the same way; a few by SIGTERM show it every time.
RARE = [
    pytest.param(stage, signal.SIGTERM, marks=pytest.mark.long)
    for stage in STAGES
    if stage not in {"guest", "cell.json"}
]
WAYS = [(stage, signal.SIGKILL) for stage in STAGES] + [("guest", signal.SIGTERM), ("cell.json", signal.SIGTERM)]


def kill(farm: subprocess.Popen[str], how: signal.Signals) -> None:
    farm.send_signal(how)
    farm.communicate(timeout=SECONDS)
    assert farm.returncode == -how


@pytest.mark.parametrize(("stage", "how"), [*WAYS, *RARE])
def test_a_killed_farm_loses_nothing_that_was_finished(
    place: Place, undisturbed: dict[str, bytes], stage: str, how: signal.Signals
) -> None:
    kill(place.held(stage), how)
    kept = place.answered()
    finished = {name: data for name, data in place.bytes().items() if "/".join(name.split("/")[:3]) in kept}
    assert finished == {name: undisturbed[name] for name in finished}

    assert place.run() == (NAMES - kept, {})
    assert place.bytes() == undisturbed
    assert place.left() == []


@pytest.mark.parametrize("stage", ["records.jsonl", "before exchange", "after exchange"])
def test_answers_that_were_being_replaced_when_the_farm_was_killed_are_whole(
    place: Place, undisturbed: dict[str, bytes], stage: str
) -> None:
    place.run()
    kill(place.held(stage, "fresh"), signal.SIGKILL)
    assert place.answered() == NAMES
    assert {name: data for name, data in place.bytes().items() if "/." not in name} == undisturbed

    # There is nothing to run any more, and what lies aside goes all the same.
    assert place.run() == (set(), {})
    assert place.left() == []


def test_an_interrupted_farm_ends_its_cell_and_begins_no_more(place: Place, undisturbed: dict[str, bytes]) -> None:
    farm = place.held("guest")
    farm.send_signal(signal.SIGINT)
    farm.communicate(timeout=SECONDS)
    assert farm.returncode != 0
    kept = place.answered()
    assert place.left() == []

    assert place.run() == (NAMES - kept, {})
    assert place.bytes() == undisturbed


def test_two_farms_on_one_results_tree_answer_every_cell_once_over(place: Place, undisturbed: dict[str, bytes]) -> None:
    both = [place.held("guest"), place.held("guest")]
    for farm in both:
        assert farm.stdin is not None
        farm.stdin.close()
        farm.stdin = None
    assert [unanswered for _, unanswered in map(end_of, both)] == [{}, {}]
    assert place.bytes() == undisturbed
    assert place.left() == []


def test_a_farm_that_is_killed_beside_another_does_not_stop_it(place: Place, undisturbed: dict[str, bytes]) -> None:
    # The first one dies with the lock on a kernel's folder in its hands.
    dying, other = place.held("cell.json"), place.begin()
    kill(dying, signal.SIGKILL)
    assert end_of(other)[1] == {}
    assert place.bytes() == undisturbed
    assert place.left() == []


HOLDS_KEYS = """
import sys
from farm.guest import run_folder
with run_folder() as folder:
    (folder / "initrd").write_bytes(b"keys")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_the_next_guest_removes_the_keys_that_a_killed_farm_left(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_CACHE", str(place.cache))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_KEYS], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as farm:
        assert farm.stdout is not None
        left = Path(farm.stdout.readline().strip())
        with run_folder() as mine:
            # The other farm lives, and so does what is its own.
            assert (left / "initrd").read_bytes() == b"keys"
            assert [oct(path.stat().st_mode & 0o777) for path in (mine, left)] == ["0o700"] * 2
        farm.kill()
    with run_folder() as mine:
        assert list(mine.parent.iterdir()) == [mine]
    assert list(mine.parent.iterdir()) == []
