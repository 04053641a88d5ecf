"""What a run is doing, live: on a terminal a table that follows the events, elsewhere one line per finished cell.

Board is the state and knows no terminal; it takes the events of farm.steps.bus:
    ("run", …, "start", total=N)             N cells are going to run
    ("cell", <cell>, "start"|"done"|"failed")  one of them begins, has an answer, stays unanswered
    (<stage>, <cell>, …), (<stage>, <anything else>, …)  what a cell is doing; what is done for all of them
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from farm.steps import Event, bus

REDRAWS = 5  # per second
MESSAGE = 300  # characters of a failure that are shown
RATE_AFTER = 1.0  # seconds before a download's speed means something
# A step that is over sooner than this is not worth a line in a log.
WORTH_A_LINE = 3.0

STOPPING = "stopping: cells that run are let end; Ctrl-C again stops at once"

Clock = Callable[[], float]


@dataclass(slots=True)
class Doing:
    """One cell, or one thing done for all cells, under way; `since` is when its present stage began."""

    stage: str
    began: float
    since: float
    done: int = 0
    total: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that stays: `mark` is "done", "failed", "trouble" or "note"."""

    mark: str
    text: str


@dataclass(slots=True)
class Board:
    """The state of one run. `expected` has the seconds that cells took earlier, by name."""

    jobs: int = 1
    expected: Mapping[str, float] = field(default_factory=dict)
    clock: Clock = time.monotonic
    total: int = 0
    finished: int = 0
    failed: int = 0
    cells: dict[str, Doing] = field(default_factory=dict)
    others: dict[tuple[str, str], Doing] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    began: float = -1.0

    def feed(self, event: Event) -> list[Line]:
        """Take one event; return the lines that are to stay."""
        if self.began < 0:
            self.began = self.clock()
        if event.step == "run":
            self.total = event.total if event.state == "start" else self.total
            return [Line("note", STOPPING)] if event.state == "stopping" else []
        if event.step == "cell":
            return self._cell(event)
        if event.subject in self.cells:
            return self._stage(event)
        return self._other(event)

    def _cell(self, event: Event) -> list[Line]:
        now = self.clock()
        if event.state == "start":
            self.cells[event.subject] = Doing("begin", now, now)
            return []
        doing = self.cells.pop(event.subject, None)
        if doing is None or event.state not in {"done", "failed"} or (event.state == "failed" and not event.message):
            return []  # ended by Ctrl-C
        self.finished += 1
        self.took.append(now - doing.began)
        count = f"{self.finished}/{max(self.total, self.finished)}"
        text = f"{count} {event.subject} {clock_face(now - doing.began)}"
        if event.state == "done":
            return [Line("done", text)]
        self.failed += 1
        said = clean(event.message)
        return [Line("failed", f"{text} unanswered" + (f": {said}" if said != doing.trouble else ", see above"))]

    def _stage(self, event: Event) -> list[Line]:
        doing, now = self.cells[event.subject], self.clock()
        if event.state == "start":
            doing.stage, doing.since, doing.done, doing.total = event.step, now, 0, 0
        elif event.state == "progress":
            doing.stage, doing.done, doing.total = event.step, event.done, event.total
        elif event.state == "failed" and event.message:
            doing.trouble = clean(event.message)
            return [Line("trouble", f"{event.subject} {event.step}: {doing.trouble}")]
        return []

    def _other(self, event: Event) -> list[Line]:
        key, now = (event.step, event.subject), self.clock()
        if event.state in {"start", "progress"}:
            doing = self.others.setdefault(key, Doing(event.step, now, now))
            doing.done, doing.total = event.done, event.total
            return []
        over = self.others.pop(key, None)
        if event.state == "failed":
            # Ctrl-C ends every step without a word; that is no trouble of the step.
            return [Line("trouble", f"{event.step} {event.subject}: {clean(event.message)}")] if event.message else []
        if over is None or now - over.began < WORTH_A_LINE:
            return []
        size = f" {megabytes(over.total)}" if event.step == "download" and over.total else ""
        return [Line("note", f"{event.step} {event.subject}{size} {clock_face(now - over.began)}")]

    def left(self) -> float | None:
        """Return about how many seconds are left, from earlier times; None while nothing is known."""
        known = self.took or list(self.expected.values())
        if not known or not self.total:
            return None
        usual, now = sum(known) / len(known), self.clock()
        running = [max(0.0, self.expected.get(name, usual) - now + doing.began) for name, doing in self.cells.items()]
        waiting = max(0, self.total - self.finished - len(self.cells)) * usual
        return max([(sum(running) + waiting) / self.jobs, *running])


def clean(text: str) -> str:
    """Return a text that is safe to show: one line, printable (a guest may have written it), not too long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= MESSAGE else line[: MESSAGE - 1] + "…"


def clock_face(seconds: float) -> str:
    """Return a time as people read it: 7 s, 1:05, 1:02:05."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def roughly(seconds: float) -> str:
    """Return an estimate without false precision."""
    return "less than a minute" if seconds < 60 else f"{round(seconds / 60)} min"


def megabytes(size: float) -> str:
    """Return a size in megabytes; one digit after the point while that means something."""
    return f"{size / 1e6:.0f} MB" if size >= 1e7 else f"{size / 1e6:.1f} MB"


STYLES = {"done": ("✓", "green"), "failed": ("✗", "bold red"), "trouble": ("!", "yellow"), "note": ("·", "dim")}


def styled(line: Line) -> Text:
    """Return a line that stays, as a terminal shows it."""
    sign, style = STYLES[line.mark]
    return Text.assemble((f"{sign} ", style), (line.text, style if line.mark != "done" else ""))


def drawn(board: Board) -> Group:
    """Return the live view of a board."""
    rows = [_cells(board)] if board.cells else []
    return Group(_head(board), *rows, *([_others(board)] if board.others else []))


def _head(board: Board) -> Table:
    gone = board.clock() - board.began if board.began >= 0 else 0.0
    left = board.left()
    if not board.total:
        return Table.grid()  # one thing is done, not a run of cells
    words = Text(f"{board.finished}/{board.total} cells")
    if board.failed:
        words.append(f", {board.failed} unanswered", "bold red")
    words.append(f" · {clock_face(gone)}", "dim")
    if left is not None and board.finished < board.total:
        words.append(f" · about {roughly(left)} left", "dim")
    table = Table.grid(padding=(0, 1))
    table.add_row(ProgressBar(max(board.total, 1), board.finished, width=24), words)
    return table


def _cells(board: Board) -> Table:
    table = Table.grid(padding=(0, 1))
    for name, width in (("cell", None), ("stage", 9), ("probes", 11), ("time", 6)):
        table.add_column(name, width=width, no_wrap=True, overflow="ellipsis")
    now = board.clock()
    for name, doing in board.cells.items():
        probes = f"{doing.done}/{doing.total}" if doing.total else ""
        table.add_row(
            Text(f"  {name}"), Text(doing.stage, "cyan"), Text(probes), Text(clock_face(now - doing.began), "dim")
        )
    return table


def _others(board: Board) -> Table:
    table = Table.grid(padding=(0, 1))
    now = board.clock()
    for (step, subject), doing in board.others.items():
        gone = now - doing.began
        if doing.total:
            rate = f" {megabytes(doing.done / gone)}/s" if gone > RATE_AFTER else ""
            loaded = f"{megabytes(doing.done)} of {megabytes(doing.total)}{rate}"
            size = loaded if step == "download" else f"{doing.done}/{doing.total}"
            table.add_row(
                Text(f"  {step} {subject}", no_wrap=True, overflow="ellipsis"),
                ProgressBar(doing.total, doing.done, width=16),
                Text(size, "dim", no_wrap=True),
            )
        else:
            table.add_row(
                Text(f"  {step} {subject}", no_wrap=True, overflow="ellipsis"), "", Text(clock_face(gone), "dim")
            )
    return table


class View:
    """Shows a board on a console and keeps it up to date; events come from any thread."""

    def __init__(self, board: Board, console: Console) -> None:
        self.board = board
        self.console = console
        self.guard = threading.Lock()
        self.live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self.live = Live(console=console, get_renderable=self.draw, refresh_per_second=REDRAWS, transient=True)

    def draw(self) -> Group:
        """Return the present picture; called by the thread that redraws."""
        with self.guard:
            return drawn(self.board)

    def listen(self, event: Event) -> None:
        """Take one event of the bus."""
        with self.guard:
            lines = self.board.feed(event)
        for line in lines:
            if self.live is not None:
                self.console.print(styled(line), soft_wrap=True)
            else:
                print(f"{line.text}", file=self.console.file, flush=True)


@contextmanager
def shown(board: Board, console: Console | None = None) -> Iterator[View]:
    """Show on stderr what happens while the block runs; the terminal is as before afterwards, also after Ctrl-C."""
    view = View(board, console or Console(stderr=True))
    bus.listeners.append(view.listen)
    try:
        if view.live is None:
            yield view
        else:
            with view.live:
                yield view
    finally:
        bus.listeners.remove(view.listen)
