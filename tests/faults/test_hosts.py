"""A host that has no port, no KVM that runs guests, no room for a guest's own files; real QEMU, and none that boots."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from farm import cell as cells, guest as guests
from farm.arches import ARCHES
from farm.errors import FetchError
from farm.plan import Cell
from farm.prepare import Prepared, Workshop
from farm.qemu import accel, machine
from farm.qemu.console import HEAD, TAIL, Console
from farm.run import find
from farm.settings import ROOT
from farm.variants import VARIANTS
from tests.faults.conftest import Disk, Place
from tests.faults.real_farm import footprint
from tests.made_up import kernel

pytestmark = pytest.mark.faults
X86 = ARCHES["x86_64"]
CELL = Cell(kernel("6.12.117-1"), X86, VARIANTS["plain"])
NO_QEMU = pytest.mark.skipif(find(X86.qemu) is None, reason="QEMU is not installed")


def prepared(folder: Path) -> Prepared:
    """Return what a guest is made of that QEMU does not come to boot."""
    for name in ("vmlinux", "root", "disk"):
        (folder / name).write_bytes(b"\x7fELF" + bytes(1 << 20))
    files = {"kernel": folder / "vmlinux", "parts": (folder / "root",), "disk": folder / "disk"}
    return Prepared(**files, images={}, checker=b"", accel="tcg", config="", ruled_out={})  # type: ignore[arg-type]


def instead_of_qemu(folder: Path, script: str) -> Cell:
    """Return the cell with a script for its QEMU."""
    program = folder / "qemu"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return replace(CELL, arch=replace(X86, qemu=str(program)))


# What /dev/kvm can be: forbidden, gone, open and then without a word, open and then dead.
KVMS: Mapping[str, str] = {
    "may not be opened": "echo 'Could not access KVM kernel module: Permission denied' >&2; exit 1",
    "has no module": "echo 'failed to initialize kvm: No such device' >&2; exit 1",
    "opens and says nothing": "exec sleep 1000",
    "opens and dies": "kill -ABRT $$",
}


@pytest.mark.parametrize("script", KVMS.values(), ids=KVMS.keys())
def test_a_kvm_that_runs_no_guest_means_tcg_and_is_tried_once(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accel, "possible", lambda _: True)
    monkeypatch.setattr(accel, "version", lambda _: "7.2.22")
    monkeypatch.setattr(machine, "QMP_SECONDS", 1)
    shop = cast("Workshop", SimpleNamespace(prepare=lambda *_: prepared(tmp_path)))
    before = footprint(tmp_path)
    assert cells.accelerator(instead_of_qemu(tmp_path, script), shop) == "tcg"
    assert footprint(tmp_path) == before

    # Whoever asked again would get a guest that kills the test.
    assert cells.accelerator(instead_of_qemu(tmp_path, "kill -KILL $PPID"), shop) == "tcg"
    assert list(json.loads((tmp_path / "cache" / "accel.json").read_text()).values()) == ["tcg"]


ALL_TAKEN = """
import socket, sys
from pathlib import Path
from tests.faults.test_hosts import CELL, prepared
from farm.errors import QemuError
from farm.guest import start
from farm.run import run
run(["ip", "link", "set", "lo", "up"])
Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40001")
taken = [socket.create_server(("127.0.0.1", port)) for port in (40000, 40001)]
try:
    start(CELL, prepared(Path(sys.argv[1])))
except QemuError as error:
    print(error)
"""


@NO_QEMU
def test_a_host_without_a_free_port_is_our_failure_in_qemus_words(tmp_path: Path) -> None:
    # In a network of its own: everybody else's ports stay what they are.
    command = ["unshare", "--net", sys.executable, "-c", ALL_TAKEN, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr:
        pytest.skip(f"no network of its own for a test here: {done.stderr.strip()}")
    assert "did not start (exit status 1)" in done.stdout, done.stderr
    assert "Could not set up host forwarding rule" in done.stdout
    assert list((tmp_path / "cache" / "runs").iterdir()) == []


@pytest.mark.parametrize("disk", ["cache"], indirect=True)
def test_a_disk_without_room_for_a_guests_own_files_is_named(
    disk: Disk, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_CACHE", str(place.cache))
    disk.remount("size=64k")
    with pytest.raises(FetchError, match=f"the disk is full: {place.cache}/runs/"):
        guests.start(CELL, prepared(tmp_path))
    assert list((place.cache / "runs").iterdir()) == []


def test_a_hundred_megabytes_on_a_console_are_kept_as_their_beginning_and_their_end() -> None:
    flood = "echo the beginning; yes memory-farm | head -c 100000000; echo; echo the end"
    with subprocess.Popen(["sh", "-c", flood], stdout=subprocess.PIPE) as guest:
        assert guest.stdout is not None
        console = Console(guest.stdout)
        console.wait_closed(120)
        text = console.text
        console.close()
    assert (text[:14], text[-8:]) == ("the beginning\n", "the end\n")
    assert len(text) < HEAD + 2 * TAIL + 100
