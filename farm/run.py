"""The one place that runs host programs and waits for them (QEMU itself is farm/qemu/machine.py's)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.errors import InfraError

TAIL = 2000


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program that ended left behind; `stderr` is decoded leniently."""

    status: int
    stdout: bytes
    stderr: str


def find(program: str) -> str | None:
    """Return the path of `program`, looking also where Debian keeps the administrator's programs."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")


def run(
    argv: Sequence[str | Path],
    *,
    input: bytes | None = None,  # noqa: A002 - the name that subprocess uses
    timeout: float = 120,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = True,
) -> Completed:
    """Run `argv` to its end; raise InfraError with argv, status and the tail of stderr where it fails.

    `timeout` in seconds. With `check=False` a status other than 0 is returned, not raised.
    """
    words = [str(word) for word in argv]
    path = find(words[0])
    if path is None:
        raise InfraError(f"{words[0]} is not installed", hint="./inv doctor names the package")
    try:
        done = subprocess.run(
            [path, *words[1:]], input=input, capture_output=True, timeout=timeout, cwd=cwd, env=env, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InfraError(f"{' '.join(words)}: not done after {timeout:.0f} s") from error
    stderr = done.stderr.decode(errors="replace")
    if check and done.returncode != 0:
        raise InfraError(f"{' '.join(words)}: exit status {done.returncode}", tail=stderr[-TAIL:])
    return Completed(done.returncode, done.stdout, stderr)


def attached(argv: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run `argv` on the user's own terminal, without a time limit, and return its exit status."""
    words = [str(word) for word in argv]
    path = find(words[0])
    if path is None:
        raise InfraError(f"{words[0]} is not installed", hint="./inv doctor names the package")
    return subprocess.run([path, *words[1:]], cwd=cwd, env=env, check=False).returncode
