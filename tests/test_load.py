"""What cells ask of the machine, and in which order they start."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from farm import load
from farm.arches import ARCHES
from farm.errors import InfraError
from farm.plan import Cell
from farm.variants import VARIANTS, Machine
from tests.made_up import kernel

PLAIN = Cell(kernel("6.12.117-1"), ARCHES["x86_64"], VARIANTS["plain"])
SWAP = replace(PLAIN, variant=VARIANTS["swap"])
ARM = replace(PLAIN, arch=ARCHES["arm64"])
WIDE = replace(PLAIN, variant=replace(VARIANTS["plain"], machines={"x86_64": Machine(memory="4G,slots=2,maxmem=8G")}))


def test_memory_is_what_qemu_is_given_and_a_share_for_qemu_itself() -> None:
    assert (512 + load.BESIDE, 4096 + load.BESIDE) == (load.mib(PLAIN), load.mib(WIDE))


def test_what_is_free_is_what_the_kernel_calls_available_less_a_reserve(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  9000000 kB\nMemAvailable:    2097152 kB\n")
    assert 2048 - load.SPARE == load.free(tmp_path / "meminfo")


def test_a_host_without_proc_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  9000000 kB\n")
    with pytest.raises(InfraError, match="does not say MemAvailable"):
        load.free(tmp_path / "meminfo")


def test_unknown_cells_start_first_then_the_longest() -> None:
    took = {PLAIN.name: 20.0, ARM.name: 30.0}
    assert [SWAP, ARM, PLAIN] == load.longest_first([PLAIN, SWAP, ARM], took)


def test_without_any_times_the_variant_that_runs_everything_starts_first() -> None:
    assert [ARM, PLAIN, SWAP] == load.longest_first([SWAP, PLAIN, ARM], {})


def test_a_cell_larger_than_the_machine_is_refused_with_both_numbers() -> None:
    with (
        pytest.raises(InfraError, match=r"needs 4352 MiB of memory, 1000 MiB can be had here"),
        load.Memory(1000).hold(WIDE),
    ):
        pass


def test_guests_never_hold_more_together_than_there_is() -> None:
    memory, most, guard = load.Memory(2 * load.mib(PLAIN) + 10), [0, 0], threading.Lock()
    inside = threading.Barrier(2, timeout=10)

    def one() -> None:
        with memory.hold(PLAIN):
            with guard:
                most[0] += 1
                most[1] = max(most)
            inside.wait()
            with guard:
                most[0] -= 1

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (2, memory.total) == (most[1], memory.left)


def test_earlier_times_come_from_this_hosts_own_runs(tmp_path: Path) -> None:
    for one, text in ((PLAIN, '{"seconds": 12.5}'), (SWAP, "rubbish")):
        (tmp_path / one.name).mkdir(parents=True)
        (tmp_path / one.name / "run.json").write_text(text)
    assert {PLAIN.name: 12.5} == load.earlier([PLAIN, SWAP, ARM], tmp_path)
