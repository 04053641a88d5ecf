"""profile: what a program uses of memory, from a log that strace wrote."""

from __future__ import annotations

import re
from pathlib import Path

from farm import profile
from farm.errors import PlanError
from farm.program import say


def make_profile(log: str, *, program: str = "", out: str = "") -> int:
    """Write the profile of a log and say how much of the log was understood."""
    path = Path(log)
    found = profile.record(program or path.name.partition(".")[0] or "program", logs(path))
    text = profile.as_text(found)
    if out:
        try:
            Path(out).write_text(text, encoding="utf-8")
        except OSError as error:
            raise PlanError(f"{out}: {error.strerror}", hint="--out names a file that can be written") from error
    else:
        print(text, end="")
    uses = sum(use.times for use in found.uses) + sum(found.files.values())
    lost = f"; {found.not_understood:,} of {found.lines:,} lines not understood" if found.not_understood else ""
    say(f"{found.calls:,} calls, {uses:,} of them about memory{lost}")
    if found.source != profile.STRACE:
        say("a summary does not tell flags: a log of `strace -f -o LOG PROGRAM` says more")
    return 0


def logs(path: Path) -> list[Path]:
    """Return the file, or those that `strace -ff -o PATH` wrote: PATH.1234, one for each process."""
    if path.is_dir():
        raise PlanError(f"{path} is a folder", hint="name the file that strace -o wrote")
    beside = [one for one in path.parent.glob(f"{path.name}.*") if re.fullmatch(r"\.\d+", one.suffix)]
    return [path] if path.exists() or not beside else sorted(beside)
