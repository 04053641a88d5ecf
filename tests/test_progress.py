"""The live view: what the board makes of events, on a terminal and in a log."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from rich.console import Console

from farm.progress import Board, Line, clean, clock_face, drawn, roughly, shown
from farm.steps import Event, bus, step

CELL, OTHER = "debian-6.12.117-1-cloud/arm64/plain", "debian-6.12.117-1-cloud/x86_64/plain"


@dataclass
class Clock:
    """A clock that a test moves. Seconds."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> Board:
    made = Board(jobs=2, clock=clock)
    made.feed(Event("run", "matrix", "start", total=4))
    return made


def picture(board: Board) -> list[str]:
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None, legacy_windows=False)
    console.print(drawn(board))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_running_cell_shows_its_stage_its_probes_and_its_time(board: Board, clock: Clock) -> None:
    board.feed(Event("cell", CELL, "start"))
    board.feed(Event("boot", CELL, "start"))
    clock.now += 65
    board.feed(Event("check", CELL, "progress", done=12, total=80))
    head, row = picture(board)
    assert head.endswith("0/4 cells · 1:05")
    assert [CELL, "check", "12/80", "1:05"] == row.split()


def test_a_finished_cell_leaves_one_line(board: Board, clock: Clock) -> None:
    board.feed(Event("cell", CELL, "start"))
    clock.now += 14
    assert [Line("done", f"1/4 {CELL} 14 s")] == board.feed(Event("cell", CELL, "done"))
    assert {} == board.cells


def test_a_cell_without_an_answer_says_why(board: Board) -> None:
    board.feed(Event("cell", CELL, "start"))
    lines = board.feed(Event("cell", CELL, "failed", message="no qemu-system-aarch64"))
    assert [Line("failed", f"1/4 {CELL} 0 s unanswered: no qemu-system-aarch64")] == lines
    assert "1 unanswered" in picture(board)[0]


def test_a_reason_that_was_just_shown_is_not_repeated(board: Board) -> None:
    board.feed(Event("cell", CELL, "start"))
    assert [Line("trouble", f"{CELL} boot: it hung")] == board.feed(Event("boot", CELL, "failed", message="it hung"))
    lines = board.feed(Event("cell", CELL, "failed", message="it hung"))
    assert [Line("failed", f"1/4 {CELL} 0 s unanswered, see above")] == lines


def test_what_ctrl_c_ends_is_no_trouble(board: Board) -> None:
    board.feed(Event("cell", CELL, "start"))
    board.feed(Event("build", "checker arm64", "start"))
    assert [] == board.feed(Event("build", "checker arm64", "failed"))
    assert [] == board.feed(Event("boot", CELL, "failed"))
    assert [] == board.feed(Event("cell", CELL, "failed"))


def test_a_download_has_a_row_with_size_and_speed(board: Board, clock: Clock) -> None:
    board.feed(Event("download", "linux-image.deb", "start"))
    clock.now += 4
    board.feed(Event("download", "linux-image.deb", "progress", done=10_000_000, total=31_000_000))
    assert picture(board)[1].endswith("10 MB of 31 MB 2.5 MB/s")
    lines = board.feed(Event("download", "linux-image.deb", "done"))
    assert [Line("note", "download linux-image.deb 31 MB 4 s")] == lines
    assert 1 == len(picture(board))


def test_what_took_no_time_leaves_no_line(board: Board) -> None:
    board.feed(Event("build", "checker arm64", "start"))
    assert [] == board.feed(Event("build", "checker arm64", "done"))


def test_nothing_is_estimated_before_anything_is_known(board: Board) -> None:
    assert board.left() is None


def test_the_estimate_follows_from_earlier_times(clock: Clock) -> None:
    board = Board(jobs=2, expected={CELL: 30.0, OTHER: 10.0}, clock=clock)
    board.feed(Event("run", "matrix", "start", total=4))
    board.feed(Event("cell", CELL, "start"))
    clock.now += 10
    # 20 s of the running cell and three more of 20 s, by two at a time.
    assert (20 + 3 * 20) / 2 == board.left()


def test_the_estimate_is_never_less_than_the_longest_cell_that_runs(clock: Clock) -> None:
    board = Board(jobs=8, expected={CELL: 30.0}, clock=clock)
    board.feed(Event("run", "matrix", "start", total=1))
    board.feed(Event("cell", CELL, "start"))
    assert board.left() == 30


def test_what_a_guest_wrote_cannot_move_the_cursor() -> None:
    assert clean("Kernel\x1b[2J panic\r\n  \u202e- not syncing") == "Kernel [2J panic - not syncing"
    assert len(clean("x" * 1000)) == 300


@pytest.mark.parametrize(("seconds", "face"), [(0, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (3725, "1:02:05")])
def test_times_are_read_like_a_clock(seconds: float, face: str) -> None:
    assert face == clock_face(seconds)


@pytest.mark.parametrize(("seconds", "words"), [(5, "less than a minute"), (61, "1 min"), (140, "2 min")])
def test_estimates_have_no_false_precision(seconds: float, words: str) -> None:
    assert words == roughly(seconds)


def test_a_log_gets_one_line_per_finished_cell_and_no_control_characters() -> None:
    log = io.StringIO()
    with shown(Board(), Console(file=log)):
        bus.emit(Event("run", "matrix", "start", total=1))
        with step("cell", CELL), step("boot", CELL):
            pass
    assert log.getvalue() == f"1/1 {CELL} 0 s\n"


def test_a_terminal_is_as_before_afterwards_also_when_interrupted() -> None:
    screen = io.StringIO()

    def interrupted() -> None:
        with shown(Board(), Console(file=screen, force_terminal=True, width=80)), step("cell", CELL):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    hidden, visible = "\x1b[?25l", "\x1b[?25h"
    assert screen.getvalue().rindex(hidden) < screen.getvalue().rindex(visible)
