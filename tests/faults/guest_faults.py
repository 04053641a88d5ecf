"""What can go wrong in a real guest: where it is injected, and how its cell and the probe that it meets must end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farm import cpio
from farm.guest import BOOT_SECONDS
from farm.images import init_script
from farm.plan import Cell
from farm.prepare import Prepared
from farm.session import make_keys
from farm.types import Ending

PROBES = ("mmap.create_vma.anonymous", "mmap.create_vma.private_file", "mmap.create_vma.shared_file")
MET = PROBES[1]
DAX = "mmap.write_to_disk_directly.shared_validate"
# The last line is what makes it a hang: the guest waits for what the host does to it.
ASK_HOST = "echo 'host: {}.' >/dev/console; /bin/busybox sleep 1000"
# A checker that gives each probe to the real one, but for what happens to the guest when it comes to one of them.
CHECKER = """#!/bin/sh
/farm/real "$@" </dev/null | grep '"hello"'
count=0
while read -r probe; do
	count=$((count + 1))
	if [ $probe = {met} ]; then
		echo "<3>memory-farm: probe $probe" >/dev/kmsg
		echo '{{"start":"'$probe'"}}'
		{fault}
	fi
	echo $probe | /farm/real "$@" | grep '"start"\\|"probe"' || exit
done
echo '{{"done":'$count'}}'
"""
Change = Callable[[Prepared, Path], Prepared]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `probe`, `booting` and `late` are lines of shell that the guest runs.

    `probe` when it comes to the second probe, `booting` before its SSH server starts, `late` after that. `files` lie
    in the guest in the place of its own, `prepared` changes what it is made of, `cell` how it is started. `seconds`
    is how long it may take to boot. `why` is found in what the cell is said to be unanswered for; where there is
    none, `ends` says how probes end otherwise than in a guest that nothing happens to. `guests` are those of the
    cell, boots that failed included.
    """

    name: str
    why: str = ""
    ends: tuple[tuple[str, Ending, str], ...] = ()
    probe: str = ""
    booting: str = ""
    late: str = ""
    files: tuple[cpio.Entry, ...] = ()
    prepared: Change | None = None
    cell: Callable[[Cell, Path], Cell] | None = None
    kernel: str = ""
    seconds: float = BOOT_SECONDS
    guests: int = 2
    oopses: tuple[str, ...] = ()
    variant: str = "plain"

    def changed(self, prepared: Prepared, folder: Path) -> Prepared:
        """Return what the faulty guest is made of; `folder` is for files of its own."""
        entries = [*self.files]
        if self.probe:
            entries.append(cpio.file("farm/real", prepared.checker, 0o755))
            prepared = replace(prepared, checker=CHECKER.format(met=MET, fault=self.probe).encode())
        init = init_script().decode()
        for line, marker in ((self.booting, "load </farm/modules.net\n"), (self.late, "load </farm/modules\n")):
            assert init.count(marker) == 1
            init = init.replace(marker, f"{line}\n{marker}")
        entries.append(cpio.file("init", init.encode(), 0o755))
        part = folder / "fault.cpio"
        part.write_bytes(cpio.archive(entries))
        prepared = replace(prepared, parts=(*prepared.parts, part))
        return self.prepared(prepared, folder) if self.prepared else prepared


def met(end: Ending, why: str) -> tuple[tuple[str, Ending, str], ...]:
    """Return how the probe ends that meets the fault; the others are as ever."""
    return ((MET, end, why),)


def damaged_kernel(prepared: Prepared, folder: Path) -> Prepared:
    """Cut the kernel's image short."""
    (folder / "vmlinux").write_bytes(prepared.kernel.read_bytes()[:4096])
    return replace(prepared, kernel=folder / "vmlinux")


def damaged_root(prepared: Prepared, folder: Path) -> Prepared:
    """Cut the guest root short, and leave nothing else."""
    (folder / "root").write_bytes(prepared.parts[0].read_bytes()[:2048])
    return replace(prepared, parts=(folder / "root",))


def damaged_pmem(prepared: Prepared, folder: Path) -> Prepared:
    """Overwrite the info blocks of the images of persistent memory."""
    images = {}
    for name, path in prepared.images.items():
        images[name] = folder / f"{name}.img"
        images[name].write_bytes(bytes(16384) + path.read_bytes()[16384:])
    return replace(prepared, images=images)


def rubbish(name: str) -> tuple[cpio.Entry, ...]:
    """Return a file of the guest that is not what it should be."""
    return (cpio.file(name, b"rubbish", 0o755),)


def one_socket(cell: Cell, _folder: Path) -> Cell:
    """Put two nodes into one socket, at which kernels for x86 warn."""
    return replace(cell, variant=replace(cell.variant, smp="2"))


def called(**fields: str) -> Callable[[Cell, Path], Cell]:
    """Return a change of how QEMU is called."""
    return lambda cell, _: replace(cell, arch=replace(cell.arch, **fields))  # type: ignore[arg-type]


def instead_of_qemu(script: str) -> Callable[[Cell, Path], Cell]:
    """Return a change that puts a script in the place of QEMU."""

    def change(cell: Cell, folder: Path) -> Cell:
        program = folder / hashlib.sha256(script.encode()).hexdigest()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return replace(cell, arch=replace(cell.arch, qemu=str(program)))

    return change


GONE = "the guest did not answer any more"
SYSRQ = "Kernel panic - not syncing: sysrq triggered crash"
NO_SSH = "no SSH connection to the guest"
KILLED = "qemu-system-x86_64 was ended by SIGKILL"
NO_DAX = ((DAX, Ending.BROKEN, "."),)
PANIC = "echo c >/proc/sysrq-trigger"
FLOOD = "busybox yes memory-farm | busybox head -c 1000000 >/dev/console"

USUAL = (
    Fault("panic in boot", why=SYSRQ, booting=PANIC),
    Fault("restart in boot", why="ended before it said 'memory-farm: ssh'", booting="$b reboot -f"),
    Fault("wrong kernel under the right label", why="booted '6.1.*, not '6.12", kernel="6.1"),
    Fault("QEMU killed in boot", why=KILLED, booting=ASK_HOST.format("SIGKILL")),
    Fault("panic in a probe", ends=met(Ending.DIED, SYSRQ), probe=PANIC),
    Fault("hang in a probe", ends=met(Ending.HUNG, GONE), probe="busybox sleep 1000"),
    Fault("QEMU killed in a probe, once", probe=f"if [ $count = 2 ]; then {ASK_HOST.format('SIGKILL')}; fi"),
    Fault("damaged image of persistent memory", ends=NO_DAX, prepared=damaged_pmem, guests=1, variant="pmem-ext4"),
)

BOOTS = (
    Fault("hang in boot", why="did not say 'memory-farm: ssh' within 8 s", booting="$b sleep 1000", seconds=8.0),
    Fault("hang behind SSH", why="did not say 'memory-farm: ready' within 45 s", late="$b sleep 1000", seconds=45.0),
    Fault("end of init", why="Kernel panic - not syncing: Attempted to kill init!", booting="exit 3"),
    Fault("power off in boot", why="ended before it said 'memory-farm: ssh'", booting="$b poweroff -f"),
    Fault("no module of the network card", why=NO_SSH, files=(cpio.file("farm/modules.net", b""),)),
    Fault("no SSH server", why=NO_SSH, booting="$b rm /usr/sbin/dropbear"),
    Fault(
        "SSH server with another key",
        why=NO_SSH,
        booting="$b cp /farm/other_key /farm/host_key",
        files=(cpio.file("farm/other_key", make_keys().host_dropbear, 0o600),),
    ),
    Fault("SSH server that lets nobody in", why=NO_SSH, booting="$b rm -r /root"),
    Fault("damaged kernel", why="did not start", prepared=damaged_kernel),
    Fault("damaged guest root", why="Kernel panic - not syncing", prepared=damaged_root),
    Fault("flood of the console in boot", booting=FLOOD.replace("busybox", "$b"), guests=1),
    Fault("warning in boot", cell=one_socket, guests=1, variant="numa", oopses=("WARNING: CPU",)),
    Fault("rubbish for a module", ends=NO_DAX, files=rubbish("lib/modules/nd_pmem.ko"), guests=1, variant="pmem-ext4"),
)

PROBING = (
    Fault(
        "checker killed for want of memory",
        ends=met(Ending.HUNG, GONE),
        probe="exec busybox tail /dev/zero",
        oopses=("Out of memory: Killed process",),
    ),
    Fault("restart in a probe", ends=met(Ending.HUNG, GONE), probe="echo b >/proc/sysrq-trigger"),
    Fault("power off in a probe", ends=met(Ending.HUNG, GONE), probe="busybox poweroff -f"),
    Fault("SSH server killed in a probe", ends=met(Ending.HUNG, GONE), probe="busybox killall dropbear"),
    Fault(
        "rubbish between records", ends=met(Ending.BROKEN, "printed no JSON"), probe="echo 'Segmentation <b>fault</b>'"
    ),
    Fault("a line without end", ends=met(Ending.BROKEN, "a line of more"), probe="busybox head -c 3000000 /dev/zero"),
    Fault("an end before its time", ends=met(Ending.BROKEN, "was done"), probe="echo '{\"done\":3}'; exit 0"),
    Fault("an answer that nobody asked for", ends=met(Ending.BROKEN, "not asked"), probe='echo \'{"start":"a.b.c"}\''),
    Fault("flood of the console in a probe", probe=FLOOD, guests=1),
    Fault("clock set to another year", probe="busybox date -s 2039-01-01 >/dev/null", guests=1),
    Fault(
        "clock that ran wild",
        why="the guest's clock ran",
        probe="echo '999999.00 1.00' >/tmp/uptime; busybox mount -o bind /tmp/uptime /proc/uptime",
    ),
    Fault(
        "rubbish for a clock",
        why="the guest says 'soon' for its uptime",
        probe="echo soon >/tmp/uptime; busybox mount -o bind /tmp/uptime /proc/uptime",
    ),
)

MACHINES = (
    Fault(
        "QEMU killed in a probe, always", ends=met(Ending.BROKEN, KILLED), probe=ASK_HOST.format("SIGKILL"), guests=3
    ),
    Fault(
        "QEMU terminated in a probe",
        ends=met(Ending.BROKEN, "ended with status 0: .*terminating on signal 15"),
        probe=ASK_HOST.format("SIGTERM"),
        guests=3,
    ),
    Fault("QEMU stopped in a probe", ends=met(Ending.HUNG, GONE), probe=ASK_HOST.format("SIGSTOP")),
    Fault("QEMU stopped in boot", why="did not say", booting=ASK_HOST.format("SIGSTOP"), seconds=8.0),
    Fault("QEMU missing", why="no qemu-system-vax", cell=called(qemu="qemu-system-vax")),
    Fault("QEMU refuses an option", why="no-such-cpu", cell=called(cpu="no-such-cpu")),
    Fault("QEMU crashes at its start", why="did not start .exit status -11", cell=instead_of_qemu("kill -SEGV $$")),
    Fault("QEMU says nothing", why="did not start", cell=instead_of_qemu("exec sleep 1000")),
    Fault(
        "memory short on the host",
        why="did not start",
        cell=instead_of_qemu('exec prlimit --as=300000000 qemu-system-x86_64 "$@"'),
    ),
)
BATCHES = {"usual": USUAL, "boots": BOOTS, "probes": PROBING, "machines": MACHINES}
