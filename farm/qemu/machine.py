"""One QEMU process: started so that it cannot outlive the farm, held by QMP, ended. Knows no option's meaning."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from qemu.qmp import QMPClient, QMPError

from farm.errors import GuestError, QemuError
from farm.qemu.console import Console
from farm.run import find
from farm.steps import Deadline

QMP_SECONDS = 20
TERMINATED = "terminating on signal"  # QEMU's words after SIGTERM, SIGINT and SIGHUP; its status is 0 then
EXIT_SECONDS = 2.0  # from the end of a guest's console to that of its process


class Monitor:
    """QMP, spoken synchronously over a connected socket."""

    def __init__(self, link: socket.socket) -> None:
        self._runner = asyncio.Runner()
        self._client = QMPClient("guest")
        self._client.logger.disabled = True
        try:
            self._runner.run(self._in_time(self._client.connect(link)))
        except BaseException:
            self._runner.close()
            link.close()
            raise

    @staticmethod
    async def _in_time(work: Any) -> Any:  # noqa: ANN401 - whatever QMP answers
        return await asyncio.wait_for(work, QMP_SECONDS)

    def execute(self, command: str, **arguments: object) -> Any:  # noqa: ANN401 - whatever QMP answers
        """Run one QMP command and return its answer; QemuError where it is refused or nothing answers."""
        try:
            return self._runner.run(self._in_time(self._client.execute(command, arguments or None)))
        except (QMPError, TimeoutError) as error:
            raise QemuError(f"QMP {command}: {error or 'no answer'}") from error

    def close(self) -> None:
        """Hang up; never fails, the process may be gone."""
        try:
            self._runner.run(self._in_time(self._client.disconnect()))
        except (QMPError, TimeoutError, OSError, EOFError):
            pass
        finally:
            self._runner.close()


class Machine:
    """A running QEMU.

    `argv` is called with the number of the descriptor on which QEMU is to speak QMP. The process dies with
    the thread that made it (PR_SET_PDEATHSIG, prctl(2)): make it in the thread that uses it to the end.
    """

    def __init__(self, argv: Callable[[int], list[str]], folder: Path) -> None:
        ours, theirs = socket.socketpair()
        self._stderr = folder / "qemu.stderr"
        with theirs:
            self.argv = argv(theirs.fileno())
            try:
                self._process = self._start(theirs.fileno(), folder)
            except QemuError:
                ours.close()
                raise
        assert self._process.stdout is not None
        self.console = Console(self._process.stdout)
        self.monitor = self._connect(ours)

    def _start(self, descriptor: int, folder: Path) -> subprocess.Popen[bytes]:
        if find(self.argv[0]) is None:
            raise QemuError(f"no {self.argv[0]}", hint="./inv doctor names the package")
        # setpriv (util-linux) sets the signal and then becomes QEMU: no code of ours runs between fork and exec.
        words = [find("setpriv") or "setpriv", "--pdeathsig", "KILL", find(self.argv[0]) or "", *self.argv[1:]]
        try:
            with self._stderr.open("wb") as errors:
                return subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    pass_fds=[descriptor],
                    cwd=folder,
                    start_new_session=True,
                )
        except OSError as error:
            raise QemuError(f"cannot start {words[0]}: {error}") from error

    def _connect(self, link: socket.socket) -> Monitor:
        try:
            return Monitor(link)
        except (QMPError, TimeoutError, OSError, EOFError) as error:
            self._kill()
            self.console.close()
            status = self._process.returncode
            raise QemuError(
                f"{self.argv[0]} did not start (exit status {status}): {self.stderr.strip() or error}",
                tail=" ".join(self.argv),
            ) from error

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    @property
    def stderr(self) -> str:
        """What QEMU itself complained about."""
        return self._stderr.read_text(errors="replace")[-4000:]

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    @property
    def fault(self) -> str:
        """What ended the process where its guest did not ask for it: a signal, a bad status; "" where nothing did.

        A guest that powers off, restarts or panics ends QEMU with status 0.
        """
        if self.console.closed:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(EXIT_SECONDS)
        status = self._process.poll() or 0
        if status < 0:
            return f"{self.argv[0]} was ended by {signal.Signals(-status).name}"
        said = self.stderr.strip()
        return f"{self.argv[0]} ended with status {status}: {said}" if status or TERMINATED in said else ""

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Turn the loss of a guest whose QEMU did not end by the guest's will into a QemuError that says how it did."""
        try:
            yield
        except GuestError as error:
            if fault := self.fault:
                raise QemuError(fault, hint="is memory short on this host?", tail=error.tail) from error
            raise

    def ssh_port(self) -> int:
        """Return the port of 127.0.0.1 that leads to the guest's port 22 (QEMU chose a free one)."""
        table = str(self.monitor.execute("human-monitor-command", **{"command-line": "info usernet"}))
        found = re.search(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)", table)
        if not found:
            raise QemuError("QEMU forwards no port to the guest's SSH", tail=table)
        return int(found.group(1))

    def wait_for(self, marker: str, deadline: Deadline) -> None:
        """Wait until the guest's console says `marker`; errors as in Console.wait_for."""
        self.console.wait_for(marker, deadline)

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the guest at once: it holds nothing that outlives it."""
        self._kill()
        self.monitor.close()
        self.console.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
