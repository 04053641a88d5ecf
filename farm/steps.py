"""What the farm is doing: named steps with times, sent to whoever listens; and deadlines."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

log = logging.getLogger("farm")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `state` is "start", "progress", "done" or "failed".

    `seconds` is how long the step took ("done", "failed"); `done`/`total` count units while it runs.
    """

    step: str
    subject: str
    state: str
    seconds: float = 0.0
    done: int = 0
    total: int = 0
    message: str = ""


Listener = Callable[[Event], None]


@dataclass(slots=True)
class Bus:
    """Hands events to listeners, from any thread."""

    listeners: list[Listener] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def emit(self, event: Event) -> None:
        """Send `event` to every listener, one at a time."""
        log.debug("%s %s %s %s", event.subject, event.step, event.state, event.message)
        with self.lock:
            for listener in self.listeners:
                listener(event)


bus = Bus()


@contextmanager
def step(name: str, subject: str) -> Iterator[None]:
    """Announce that `subject` (a cell, a kernel, a file) is in the stage `name` while the block runs."""
    began = time.monotonic()
    bus.emit(Event(name, subject, "start"))
    try:
        yield
    except BaseException as error:
        bus.emit(Event(name, subject, "failed", time.monotonic() - began, message=str(error)))
        raise
    bus.emit(Event(name, subject, "done", time.monotonic() - began))


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment that is handed down, so that nested waits share one limit. Seconds."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.began + self.seconds - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.left <= 0.0
