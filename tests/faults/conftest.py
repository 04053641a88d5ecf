"""Farms in processes of their own, what they leave, and file systems that are too small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from farm import results
from farm.errors import InfraError
from farm.run import run
from farm.settings import ROOT
from tests.boot.conftest import bench
from tests.test_fleet import CELLS, tree

__all__ = ["bench"]  # pytest finds fixtures here

NAMES = {cell.name for cell in CELLS}
SECONDS = 60
End = dict[str, list[list[str]]]


@dataclass(frozen=True)
class Place:
    """A folder that farms run in."""

    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start a farm; its words are those of fake_farm."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.fake_farm", str(self.folder), *words],
            cwd=ROOT,
            env={**os.environ, "FARM_CACHE": str(self.cache)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def held(self, *words: str) -> subprocess.Popen[str]:
        """Start a farm and return when it has come to the stage that it is to stop in."""
        farm = self.begin(*words)
        assert farm.stdout is not None
        assert farm.stdout.readline() == "held\n"
        return farm

    def run(self, *words: str) -> tuple[set[str], dict[str, str]]:
        """Run a farm to its end; return which cells ran, and which stayed unanswered with why."""
        return end_of(self.begin(*words))

    def answered(self) -> set[str]:
        return {"/".join(key) for key, cell in results.scan(self.results).cells.items() if cell.info.answered}

    def left(self) -> list[str]:
        """Return what a farm made aside and did not clear away."""
        asides = [*self.results.rglob(".*"), *self.cache.rglob("*.part"), *self.cache.rglob("*.new")]
        return sorted(str(path.relative_to(self.folder)) for path in asides)

    def bytes(self) -> dict[str, bytes]:
        return tree(self.results)


def end_of(farm: subprocess.Popen[str]) -> tuple[set[str], dict[str, str]]:
    """Let a farm go on, and return what it says of its end."""
    said, _ = farm.communicate(timeout=SECONDS)
    assert farm.returncode == 0, said
    end = json.loads(said.splitlines()[-1])
    return set(end["ran"]), dict(end["unanswered"])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a run that nothing happened to."""
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    assert place.run() == (NAMES, {})
    return place.bytes()


@dataclass(frozen=True)
class Disk:
    """A mounted file system whose size a test changes."""

    path: Path

    def remount(self, options: str) -> None:
        run(["mount", "-o", f"remount,{options}", self.path])

    def used(self) -> int:
        """Return the bytes that are taken."""
        found = os.statvfs(self.path)
        return (found.f_blocks - found.f_bfree) * found.f_frsize


@pytest.fixture(params=["results"])
def disk(request: pytest.FixtureRequest, place: Place) -> Iterator[Disk]:
    """Mount a file system on the folder of that name."""
    path = place.folder / request.param
    path.mkdir()
    try:
        run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path])
    except InfraError as error:
        pytest.skip(f"cannot mount a small file system here: {error}")
    yield Disk(path)
    run(["umount", path])
