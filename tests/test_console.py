import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.errors import BootError, LostError, PanicError
from farm.qemu.console import HEAD, TAIL, TROUBLES, Console, canonical, troubles
from farm.steps import Deadline
from tests.golden import expect

RECORDED = sorted((Path(__file__).parent / "consoles").glob("*.txt"))

# One line per entry of the table, as the kernel formats it; the recorded consoles show the common ones for real.
LINES = {
    "panic": "[    5.1] Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.",
    "oops": "[    5.1] Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "fault": "BUG: kernel NULL pointer dereference, address: 0000000000000000",
    "bug": "kernel BUG at mm/mmap.c:123!",
    "bad-page": "[   12.3] BUG: Bad page map in process checker  pte:8000000012345678 pmd:123456789",
    "warning": "[    0.5] WARNING: CPU: 1 PID: 77 at mm/page_alloc.c:4000 __alloc_pages+0x1/0x2",
    "lockup": "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [checker:123]",
    "rcu-stall": "rcu: INFO: rcu_preempt self-detected stall on CPU",
    "hung-task": "INFO: task checker:99 blocked for more than 120 seconds.",
    "kasan": "BUG: KFENCE: use-after-free read in foo+0x1/0x2",
    "double": "traps: PANIC: double fault, error_code: 0x0",
    "oom": "Out of memory: Killed process 123 (checker) total-vm:1kB, anon-rss:2kB",
}


@pytest.mark.parametrize("path", RECORDED, ids=[path.stem for path in RECORDED])
def test_a_recorded_console_says_what_its_golden_file_says(path: Path) -> None:
    found = "".join(
        f"{trouble.name}{'!' if trouble.fatal else ''} {line}\n" for trouble, line in troubles(path.read_text())
    )
    expect(f"consoles/{path.stem}.txt", found)


def test_every_entry_of_the_table_has_a_line_that_shows_it() -> None:
    assert {trouble.name for trouble in TROUBLES} == set(LINES)


@pytest.mark.parametrize(("name", "line"), LINES.items(), ids=LINES.keys())
def test_a_line_is_recognised_as_what_it_is(name: str, line: str) -> None:
    assert [trouble.name for trouble, _ in troubles(line)] == [name]


def test_an_ordinary_boot_has_no_trouble() -> None:
    assert troubles("[    0.0] Linux version 6.12\nmemory-farm: ssh\nWARNINGS are fine\n") == []


def test_what_differs_from_run_to_run_is_not_kept() -> None:
    first = canonical("[    0.5] WARNING: CPU: 1 PID: 77 at mm/x.c:40 f+0x1 ffff888012345678")
    second = canonical("[   10.7] WARNING: CPU: 0 PID: 99 at mm/x.c:40 f+0x1 ffff888087654321")
    assert first == second


def test_a_count_that_is_off_is_one_trouble_by_however_much() -> None:
    found = [
        canonical(f"BUG: Bad rss-counter state mm:00000000abcd1234 type:MM_FILEPAGES val:{by}") for by in (-1, -104)
    ]
    assert found == ["BUG: Bad rss-counter state mm:… type:MM_FILEPAGES val:…"] * 2


class Line:
    """A serial line that a test writes to."""

    def __init__(self) -> None:
        reading, self.writing = os.pipe()
        self.console = Console(os.fdopen(reading, "rb"))

    def says(self, text: bytes) -> None:
        os.write(self.writing, text)

    def hangs_up(self) -> None:
        if self.writing >= 0:
            os.close(self.writing)
        self.writing = -1


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.hangs_up()
    line.console.close()


def test_a_marker_that_was_printed_is_found(line: Line) -> None:
    line.says(b"memory-farm: ssh\n")
    line.console.wait_for("memory-farm: ssh", Deadline(10))


def test_a_panic_before_the_marker_is_said_at_once(line: Line) -> None:
    line.says(b"Kernel panic - not syncing: no init\n")
    with pytest.raises(PanicError) as caught:
        line.console.wait_for("memory-farm: ssh", Deadline(10))
    assert caught.value.message == "Kernel panic - not syncing: no init"


def test_a_guest_that_ends_without_a_word_is_lost(line: Line) -> None:
    line.hangs_up()
    with pytest.raises(LostError):
        line.console.wait_for("memory-farm: ssh", Deadline(10))


def test_a_guest_that_never_says_the_marker_shows_its_last_words_at_the_deadline(line: Line) -> None:
    line.says(b"booting the kernel\n")
    line.console.wait_for("booting", Deadline(10))
    with pytest.raises(BootError) as caught:
        line.console.wait_for("memory-farm: ssh", Deadline(0.05))
    assert caught.value.tail == "booting the kernel"


def test_a_flood_is_bounded_and_keeps_the_beginning_and_the_end() -> None:
    flood = "echo begin; head -c 20000000 /dev/zero | tr '\\0' x; echo; echo end"
    with subprocess.Popen(["sh", "-c", flood], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        console = Console(process.stdout)
        console.close()
    assert console.text.startswith("begin\n")
    assert console.text.endswith("\nend\n")
    assert len(console.text) <= HEAD + 2 * TAIL + 200
