"""A guest that answers: QEMU, its SSH session with the checker in it, and what is known of it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from farm import fdt
from farm.check import PATH
from farm.errors import InfraError, ProtocolError
from farm.files import disk_errors
from farm.images import run_part
from farm.plan import Cell
from farm.prepare import Prepared
from farm.qemu.argv import Bootable, Wiring, command, dumping
from farm.qemu.console import troubles
from farm.qemu.machine import Machine
from farm.run import run
from farm.session import Keys, Session, make_keys
from farm.settings import cache_dir
from farm.steps import Deadline

BOOT_SECONDS = 150.0
SSH_SECONDS = 30.0
SSH_MARKER = "memory-farm: ssh"
READY_MARKER = "memory-farm: ready"
# The checker writes this to the kernel log before each probe, above the console's log level.
PROBE_MARKER = re.compile(r"memory-farm: probe ([a-z0-9_.]{1,300})$", re.MULTILINE)
UPTIME = re.compile(r"(\d{1,12}\.\d\d) \d")
LAST_WORDS = 2.0
# A guest's clock may run by this factor faster or slower than the host's before its timeouts mean nothing.
CLOCK_FACTOR = 1.5
CLOCK_SLACK = 3.0


@contextmanager
def run_folder() -> Iterator[Path]:
    """Yield a new folder for one guest, private to this user; removed in the end.

    Its name begins with the farm's process number, so that what a killed farm left is found and removed.
    """
    base = cache_dir() / "runs"
    base.mkdir(parents=True, exist_ok=True)
    for old in base.iterdir():
        owner = old.name.split("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(old, ignore_errors=True)
    folder = base / f"{os.getpid()}-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class Guest:
    """One running guest; a context manager that ends it. `failed` are promises that its init could not keep."""

    machine: Machine
    session: Session
    stack: ExitStack
    seconds: dict[str, float]
    release: str = ""
    failed: tuple[str, ...] = ()
    oopses: set[str] = field(default_factory=set)
    tainted: bool = False
    uptime: float = 0.0
    looked: tuple[float, float] = (0.0, 0.0)

    def look(self) -> None:
        """Ask who it is: release, clock, and which promises failed."""
        before = time.monotonic()
        text = self.session.run("cat /proc/uptime /proc/sys/kernel/osrelease; cat /farm/failed 2>/dev/null; true")
        self.looked = (before, time.monotonic())
        self.uptime, rest = _uptime(text)
        self.release, *failed = rest.splitlines() or [""]
        self.failed = tuple(failed)

    def look_back(self) -> None:
        """Read the kernel log and the clock after the probes; InfraError where the clock ran wild."""
        before = time.monotonic()
        text = self.session.run("cat /proc/uptime /proc/sys/kernel/tainted; dmesg")
        # On a busy host an answer takes its time: between which moments the guest looked at its clock is all we know.
        least, most = before - self.looked[1], time.monotonic() - self.looked[0]
        uptime, rest = _uptime(text)
        taint, _, log = rest.partition("\n")
        self.tainted = taint.strip() != "0"
        self.oopses |= {line for _, line in troubles(log)}
        refuse_wild(uptime - self.uptime, least, most)

    def last_probe(self) -> str | None:
        """Return the probe that the console names last: what SSH had not yet sent is lost with the guest."""
        self.machine.console.wait_closed(LAST_WORDS)
        found = PROBE_MARKER.findall(self.machine.console.text)
        return found[-1] if found else None

    def panicked(self) -> str | None:
        """Return what the console says of a panic, in canonical form; books every other trouble as an oops."""
        found = troubles(self.machine.console.text)
        self.oopses |= {line for _, line in found}
        self.tainted = self.tainted or bool(found)
        return next((line for trouble, line in found if trouble.fatal), None)

    def facts(self) -> dict[str, object]:
        """Return what run.json keeps of this guest: arguments, seconds, failed promises."""
        return {"argv": self.machine.argv, "seconds": self.seconds, "failed": list(self.failed)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()


def refuse_wild(inside: float, least: float, most: float) -> None:
    """Raise InfraError where a clock ran `inside` seconds in a time of the host's from `least` to `most` seconds."""
    fast = inside > max(most + CLOCK_SLACK, most * CLOCK_FACTOR)
    slow = inside < min(least - CLOCK_SLACK, least / CLOCK_FACTOR)
    if fast or slow:
        host = most if fast else least
        raise InfraError(f"the guest's clock ran {inside:.0f} s in {host:.0f} s of the host's", hint="run again")


def _uptime(text: str) -> tuple[float, str]:
    """Return the seconds that the first line, /proc/uptime's, says, and what follows; ProtocolError without any."""
    first, _, rest = text.partition("\n")
    found = UPTIME.match(first)
    if found is None:
        raise ProtocolError(f"the guest says {first[:80]!r} for its uptime")
    return float(found[1]), rest


def start(
    cell: Cell,
    prepared: Prepared,
    accel: str | None = None,
    seconds: float = BOOT_SECONDS,
    kept: Mapping[str, Path] | None = None,
) -> Guest:
    """Boot a guest of `cell` and push the checker; the caller closes it (with). Raises Guest- and InfraErrors.

    `kept` are images of the caller's own, by name, to which the guest's writes go: they outlive it.
    """
    deadline = Deadline(seconds * cell.arch.slowness)
    keys = make_keys()
    with ExitStack() as stack:
        folder = stack.enter_context(run_folder())
        wires = accel or prepared.accel
        images = prepared.images if kept is None else kept
        boot = Bootable(
            prepared.kernel, initramfs(cell, prepared, keys, folder), prepared.disk, images, shared=kept is not None
        )
        boot = replace(boot, tree=device_tree(cell, boot, wires, folder))
        began = time.monotonic()
        machine = stack.enter_context(
            Machine(lambda qmp: command(cell.arch, cell.variant, boot, Wiring(qmp, wires)), folder)
        )
        with machine.blamed():
            machine.wait_for(SSH_MARKER, deadline)
            times = {"ssh": time.monotonic() - began}
            session = stack.enter_context(Session(machine.ssh_port(), keys, SSH_SECONDS * cell.arch.slowness))
            session.run("true")
            times["answer"] = time.monotonic() - began
            session.put(prepared.checker, PATH)
            machine.wait_for(READY_MARKER, deadline)
        guest = Guest(machine, session, stack.pop_all(), times)
    with machine.blamed():
        return _known(guest, cell, began)


def initramfs(cell: Cell, prepared: Prepared, keys: Keys, folder: Path) -> Path:
    """Return the initramfs of one guest, put together in `folder`."""
    path = folder / "initrd"
    with disk_errors(folder), path.open("wb") as out:
        for part in prepared.parts:
            out.write(part.read_bytes())
        out.write(run_part(keys, cell.variant))
    return path


def device_tree(cell: Cell, boot: Bootable, accel: str, folder: Path) -> Path | None:
    """Return the tree that QEMU makes for this very machine, with the variant's persistent memory added to it."""
    regions = cell.variant.machine(cell.arch.name).regions
    if not regions:
        return None
    path = folder / "tree.dtb"
    run(dumping(command(cell.arch, cell.variant, boot, Wiring(accel=accel)), path))
    tree = fdt.parse(path.read_bytes())
    for at, size in regions:
        fdt.add_pmem(tree, at, size)
    path.write_bytes(fdt.pack(tree))
    return path


def _known(guest: Guest, cell: Cell, began: float) -> Guest:
    try:
        guest.look()
        guest.seconds["ready"] = time.monotonic() - began
        # A starved host makes kernels mistake the rate of their clock at boot: seen here, another boot may mend it.
        refuse_wild(guest.uptime, 0.0, guest.seconds["ready"])
        _prove(guest.release, cell)
    except BaseException:
        guest.stack.close()
        raise
    return guest


def _prove(release: str, cell: Cell) -> None:
    """Raise InfraError unless the kernel that runs is the one that the cell is named after."""
    if release != cell.kernel.release:
        raise InfraError(
            f"{cell.name}: booted {release!r}, not {cell.kernel.release!r}",
            hint="the unpacked kernel does not fit its package; remove the cache folder kernels/",
        )
