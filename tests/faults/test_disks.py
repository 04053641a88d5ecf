"""Disks that are full or read-only in each stage that writes; the store's are in test_store_faults.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm.errors import FetchError
from farm.guest import run_folder
from farm.unpack import unpack
from tests.faults.conftest import NAMES, Disk, Place
from tests.made_deb import deb, member, write

pytestmark = pytest.mark.faults
HUGE = {name for name in NAMES if name.endswith("/hugepages")}
FULL = "No space left on device"


def test_a_full_results_disk_costs_only_the_cells_that_do_not_fit(
    place: Place, disk: Disk, undisturbed: dict[str, bytes]
) -> None:
    disk.remount("size=32k")
    ran, unanswered = place.run()
    assert (ran | set(unanswered), ran & set(unanswered)) == (NAMES, set())
    assert 0 < len(ran) < len(NAMES)
    assert {FULL in why for why in unanswered.values()} == {True}
    assert (place.answered(), place.left()) == (ran, [])

    disk.remount("size=4m")
    assert place.run() == (set(unanswered), {})
    assert (place.bytes(), place.left()) == (undisturbed, [])


def test_a_disk_without_room_for_a_second_copy_keeps_the_answers_that_it_has(
    place: Place, disk: Disk, undisturbed: dict[str, bytes]
) -> None:
    place.run()
    disk.remount(f"size={disk.used()}")
    ran, unanswered = place.run("", "fresh")
    assert (ran, set(unanswered)) == (set(), NAMES)
    assert (place.bytes(), place.left()) == (undisturbed, [])


def test_results_that_may_not_be_written_are_named_and_come_with_the_next_run(
    place: Place, disk: Disk, undisturbed: dict[str, bytes]
) -> None:
    disk.remount("ro")
    ran, unanswered = place.run()
    assert (ran, set(unanswered)) == (set(), NAMES)
    assert {"Read-only file system" in why for why in unanswered.values()} == {True}

    disk.remount("rw")
    assert place.run() == (NAMES, {})
    assert (place.bytes(), place.left()) == (undisturbed, [])


@pytest.mark.parametrize("disk", ["cache"], indirect=True)
def test_a_disk_too_small_for_an_image_costs_the_cells_that_need_it(
    place: Place, disk: Disk, undisturbed: dict[str, bytes]
) -> None:
    disk.remount("size=32k")
    ran, unanswered = place.run()
    assert (ran, set(unanswered)) == (NAMES - HUGE, HUGE)
    assert place.left() == []

    disk.remount("size=80m")
    assert place.run() == (HUGE, {})
    assert (place.bytes(), place.left()) == (undisturbed, [])


@pytest.mark.parametrize("disk", ["cache"], indirect=True)
def test_a_guests_own_files_that_do_not_fit_are_removed(
    disk: Disk, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_CACHE", str(place.cache))
    disk.remount("size=64k")
    with pytest.raises(OSError, match=FULL), run_folder() as folder:
        (folder / "initrd").write_bytes(os.urandom(1 << 20))
    assert list((place.cache / "runs").iterdir()) == []


@pytest.mark.parametrize("disk", ["cache"], indirect=True)
def test_a_package_that_does_not_fit_unpacked_is_named_and_unpacks_with_more_room(disk: Disk, tmp_path: Path) -> None:
    disk.remount("size=64k")
    package = write(tmp_path / "a.deb", deb([member("./boot/a", bytes(1 << 20))]))
    with pytest.raises(FetchError, match="the disk is full"):
        unpack([package], disk.path / "tree")

    disk.remount("size=4m")
    assert unpack([package], disk.path / "tree") == ["boot/a"]
    assert (disk.path / "tree" / "boot" / "a").read_bytes() == bytes(1 << 20)
