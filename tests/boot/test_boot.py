"""Whole cells in real guests: the farm's main path, and what it promises when a guest goes wrong."""

import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from farm import results
from farm.arches import ARCHES as ARCHES_TABLE
from farm.asking import ask_all
from farm.cell import answer
from farm.check import Order
from farm.errors import BootError, PanicError, QemuError
from farm.guest import Guest, start
from farm.prepare import gives
from farm.qemu import accel
from farm.session import Session
from farm.settings import ROOT
from farm.types import Ending, upstream
from tests.boot.conftest import Bench
from tests.session_contract import SessionContract

pytestmark = pytest.mark.qemu
ARCHES = ("x86_64", "arm64")


@pytest.fixture(autouse=True)
def under_tcg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_ACCEL", "tcg")


@pytest.mark.parametrize("arch", ARCHES)
def test_a_cell_gives_the_committed_records_byte_for_byte(bench: Bench, arch: str, tmp_path: Path) -> None:
    cell = bench.cell("6.12", arch)
    answer(cell, bench.shop, tmp_path)
    stored = results.scan(ROOT / "results").cell(cell.kernel.name, arch, "plain")
    fresh = results.scan(tmp_path).cell(cell.kernel.name, arch, "plain")
    assert fresh is not None
    assert all(record.end.is_answer for record in fresh.records.values())
    if arch in bench.replaced or stored is None or stored.info.qemu != accel.version(cell.arch):
        pytest.skip("ran and answered, but not the build and QEMU of the committed results: bytes are not compared")
    for name in ("cell.json", "records.jsonl", "traces.jsonl.zst"):
        assert (tmp_path / cell.name / name).read_bytes() == (ROOT / "results" / cell.name / name).read_bytes(), name


def newest(bench: Bench, arch: str) -> str:
    """Return the newest series whose build for `arch` is fit to be asked."""
    mine = ARCHES_TABLE[arch]
    return [
        kernel.series
        for kernel in bench.shop.lock.kernels
        if (kernel.arch, kernel.flavour) == (arch, mine.flavour) and kernel.version not in mine.unusable
    ][-1]


@pytest.mark.long
@pytest.mark.parametrize("arch", [name for name in ARCHES_TABLE if name not in ARCHES])
def test_every_other_architecture_boots_and_answers_or_says_which_qemu_it_needs(bench: Bench, arch: str) -> None:
    cell = bench.cell(newest(bench, arch), arch)
    if cell.arch.needs_qemu > upstream(accel.version(cell.arch)):
        with pytest.raises(QemuError, match="needs QEMU"):
            bench.prepared(cell)
        return
    probe = "mmap.create_vma.anonymous"
    seen = {"mmap": "ok", "content": "0000", "protection": "rw-p", "pages": 4}
    answers = ask_all(cell, bench.prepared(cell), Order((probe,), tuple(gives(cell.variant))))
    assert (Ending.ANSWERED, seen) == (answers.records[probe].end, answers.records[probe].saw)
    assert [[]] == [one["failed"] for one in answers.guests]


SYNC = "mmap.write_to_disk_directly"


@pytest.mark.parametrize(
    ("arch", "variant"),
    [("x86_64", "pmem-ext4"), ("arm64", "pmem-ext4"), ("arm64", "pmem-of"), ("riscv64", "pmem-of")],
)
def test_map_sync_is_accepted_where_memory_is_persistent(bench: Bench, arch: str, variant: str) -> None:
    cell = bench.cell("6.12", arch, variant)
    probe = f"{SYNC}.shared_validate"
    answers = ask_all(cell, bench.prepared(cell), Order((probe,), tuple(gives(cell.variant))))
    assert answers.records[probe].saw["mmap"] == "ok"


def test_only_map_sync_or_fsync_keeps_what_was_written_over_a_killed_machine(bench: Bench) -> None:
    cell = bench.cell("6.12", "x86_64", "pmem-ext4")
    prepared = bench.prepared(cell)
    before, after = f"{SYNC}.before_a_killed_machine", f"{SYNC}.survives_a_killed_machine"
    images = {name: path.read_bytes() for name, path in prepared.images.items()}
    order = Order((), tuple(gives(cell.variant)), kill=((before,), (after,)))
    answers = ask_all(cell, prepared, order)
    assert answers.records[before].saw["sync"] == "ok"
    assert answers.records[after].saw == {"fsync": "kept", "msync": "kept", "sync": "kept", "plain": "lost"}
    assert images == {name: path.read_bytes() for name, path in prepared.images.items()}


@pytest.fixture(scope="module")
def guest(bench: Bench) -> Iterator[Guest]:
    cell = bench.cell("6.12", "x86_64")
    with start(cell, bench.prepared(cell)) as guest:
        yield guest


class TestRealGuest(SessionContract):
    @pytest.fixture
    def session(self, guest: Guest) -> Iterator[Session]:
        with guest.session.again() as session:
            yield session


# A checker that speaks the protocol and then does to its guest what its probe is named after.
CHECKER = """#!/bin/sh
echo '{"hello":1,"page_size":4096,"release":"'$(uname -r)'","machine":"'$(uname -m)'"}'
while read -r probe; do
	echo "<3>memory-farm: probe $probe" >/dev/kmsg
	echo '{"start":"'$probe'"}'
	case $probe in
	*panic) echo c >/proc/sysrq-trigger ;;
	*reboot) echo b >/proc/sysrq-trigger ;;
	*dropbear) busybox killall dropbear ;;
	*rubbish) echo 'Segmentation <b>fault</b>' ;;
	*flood) busybox head -c 3000000 /dev/zero ;;
	esac
	echo '{"probe":"'$probe'","end":"answered","saw":{"it":"ran"},"trace":[]}'
done
echo '{"done":9}'
"""


@pytest.mark.faults
def test_what_ends_a_guest_costs_that_probe_and_the_rest_runs_in_a_new_one(bench: Bench) -> None:
    cell = bench.cell("6.12", "x86_64")
    prepared = replace(bench.prepared(cell), checker=CHECKER.encode())
    wishes = ("first", "panic", "second", "reboot", "rubbish", "flood", "third")
    answers = ask_all(cell, prepared, Order(tuple(f"a.b.{wish}" for wish in wishes)))
    assert {probe: record.end for probe, record in answers.records.items()} == {
        "a.b.first": Ending.ANSWERED,
        "a.b.panic": Ending.DIED,
        "a.b.second": Ending.ANSWERED,
        "a.b.reboot": Ending.HUNG,
        "a.b.rubbish": Ending.BROKEN,
        "a.b.flood": Ending.BROKEN,
        "a.b.third": Ending.ANSWERED,
    }
    assert answers.records["a.b.panic"].why == "Kernel panic - not syncing: sysrq triggered crash"
    assert len(answers.guests) == 5
    assert answers.console.count("memory-farm: ready") == 5


@pytest.mark.faults
def test_nothing_is_asked_of_what_a_guest_left_that_went_away_by_itself(bench: Bench) -> None:
    cell = bench.cell("6.12", "x86_64")
    prepared = replace(bench.prepared(cell), checker=CHECKER.encode())
    answers = ask_all(cell, prepared, Order((), kill=(("a.b.reboot", "a.b.never"), ("a.b.left",))))
    assert {probe: (record.end, record.why) for probe, record in answers.records.items()} == {
        "a.b.reboot": (Ending.HUNG, "the guest did not answer any more"),
        "a.b.never": (Ending.LOST, "the guest before the kill did not answer"),
        "a.b.left": (Ending.LOST, "the guest before the kill did not answer"),
    }
    assert len(answers.guests) == 1


def test_probes_in_any_order_give_the_same_words(bench: Bench) -> None:
    cell = bench.cell("6.12", "x86_64")
    prepared = bench.prepared(cell)
    usual = Order(bench.shop.probes(cell), tuple(sorted(gives(cell.variant))), prepared.ruled_out)
    mixed = list(usual.probes)
    random.Random(6).shuffle(mixed)
    expected, actual = (
        ask_all(cell, prepared, order).records for order in (usual, replace(usual, probes=tuple(mixed)))
    )
    assert {probe: (one.end, one.saw) for probe, one in actual.items()} == {
        probe: (one.end, one.saw) for probe, one in expected.items()
    }


@pytest.mark.faults
def test_a_kernel_that_finds_no_init_is_a_panic_with_its_console(bench: Bench, tmp_path: Path) -> None:
    cell = bench.cell("6.12", "x86_64")
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    with pytest.raises(PanicError) as caught:
        start(cell, replace(bench.prepared(cell), parts=(empty,)))
    assert caught.value.message.startswith("Kernel panic - not syncing:")
    assert "Kernel panic" in caught.value.tail


@pytest.mark.faults
def test_a_guest_that_never_boots_ends_at_its_deadline(bench: Bench) -> None:
    cell = bench.cell("6.12", "x86_64")
    with pytest.raises(BootError, match="did not say"):
        start(cell, bench.prepared(cell), seconds=0.5)


@pytest.mark.faults
def test_arguments_that_qemu_refuses_are_shown_with_its_words(bench: Bench) -> None:
    cell = bench.cell("6.12", "x86_64")
    odd = replace(cell, arch=replace(cell.arch, cpu="no-such-cpu"))
    with pytest.raises(QemuError, match="no-such-cpu"):
        start(odd, bench.prepared(cell))


@pytest.mark.faults
def test_no_qemu_is_an_error_that_names_it(bench: Bench) -> None:
    cell = bench.cell("6.12", "x86_64")
    odd = replace(cell, arch=replace(cell.arch, qemu="qemu-system-vax"))
    with pytest.raises(QemuError, match="no qemu-system-vax"):
        start(odd, bench.prepared(cell))


FARM = """
import sys
from tests.boot.conftest import Bench
from farm import fleet, lock, matrix
from farm.commands.chosen import source
from farm.guest import start
bench = Bench(fleet.workshop(lock.load(), source(matrix.read())), set())
cell = bench.cell("6.12", "x86_64")
with start(cell, bench.prepared(cell)) as guest:
    print(guest.machine.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.faults
def test_a_killed_farm_leaves_no_guest_behind(how: signal.Signals) -> None:
    command = [sys.executable, "-c", FARM]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as farm:
        assert farm.stdout is not None
        guest = int(farm.stdout.readline())
        gone = os.pidfd_open(guest)
        farm.send_signal(how)
        farm.wait(timeout=20)
        ready, _, _ = select.select([gone], [], [], 20)
        os.close(gone)
    assert ready, f"the guest {guest} outlived its farm"
