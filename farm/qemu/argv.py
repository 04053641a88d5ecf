"""What QEMU is told: pure functions from (architecture, variant, files) to an argument list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from farm.arches import Arch
from farm.variants import Variant

# quiet: a console line costs an exit under TCG; panic=-1 with -no-reboot ends QEMU (status 0: a marker decides);
# notests: the crypto self-tests cost a third of a boot and observe nothing that probes see.
CMDLINE = "quiet panic=-1 cryptomgr.notests random.trust_cpu=on"
SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


@dataclass(frozen=True, slots=True)
class Bootable:
    """The files of one guest. `images` maps an image's name in the variant to its path.

    `shared`: what the guest writes to its images is to be in these files when it is gone. `tree` replaces the
    device tree that QEMU makes.
    """

    kernel: Path
    initrd: Path
    disk: Path | None = None
    images: Mapping[str, Path] = field(default_factory=dict)
    shared: bool = False
    tree: Path | None = None


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the host holds the guest: the inherited descriptor that QMP speaks on, and the accelerator."""

    qmp_fd: int | None = None
    accel: str = "tcg"
    program: str = ""


def command(arch: Arch, variant: Variant, boot: Bootable, wiring: Wiring) -> list[str]:
    """Return QEMU's whole argument list for one guest."""
    return [
        wiring.program or arch.qemu,
        *base(arch, variant, wiring),
        *control(wiring),
        *kernel(arch, variant, boot),
        *network(arch),
        *disks(arch, variant, boot),
        *devices(arch, variant, boot),
    ]


def base(arch: Arch, variant: Variant, wiring: Wiring) -> list[str]:
    """Return machine, CPU, memory and what keeps QEMU to itself."""
    machine = variant.machine(arch.name)
    return [
        "-M", ",".join(filter(None, [arch.machine, machine.machine])),
        "-cpu", cpu(arch, variant, wiring.accel),
        "-accel", wiring.accel,
        "-m", machine.memory or f"{variant.memory}M",
        "-smp", variant.smp,
        "-nodefaults", "-no-user-config", "-no-reboot",
        "-display", "none",
        "-sandbox", SANDBOX,
    ]  # fmt: skip


def cpu(arch: Arch, variant: Variant, accel: str) -> str:
    """Return the CPU model: under KVM a named one, so that two hosts can be compared."""
    model = arch.kvm_cpu if accel == "kvm" else arch.cpu
    return ",".join(filter(None, [model, variant.machine(arch.name).cpu]))


def control(wiring: Wiring) -> list[str]:
    """Return the serial line (standard output) and the QMP monitor (an inherited socket)."""
    serial = ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    if wiring.qmp_fd is None:
        return [*serial, "-monitor", "none"]
    return [*serial, "-chardev", f"socket,id=qmp,fd={wiring.qmp_fd}", "-mon", "chardev=qmp,mode=control"]


def dumping(words: Sequence[str], to: Path) -> list[str]:
    """Return the argument list with which QEMU writes the device tree of that very machine to `to`, and ends."""
    machine = words.index("-M") + 1
    return [*words[:machine], f"{words[machine]},dumpdtb={escape(to)}", *words[machine + 1 :]]


def kernel(arch: Arch, variant: Variant, boot: Bootable) -> list[str]:
    """Return kernel, initramfs, command line, firmware and device tree."""
    machine = variant.machine(arch.name)
    words = [f"console={arch.console}", CMDLINE, arch.cmdline, variant.cmdline, machine.cmdline]
    firmware = ["-bios", machine.firmware] if machine.firmware else []
    tree = ["-dtb", str(boot.tree)] if boot.tree else []
    return [
        *firmware,
        *tree,
        "-kernel", str(boot.kernel),
        "-initrd", str(boot.initrd),
        "-append", " ".join(filter(None, words)),
    ]  # fmt: skip


def network(arch: Arch) -> list[str]:
    """Return a network that reaches nothing; one port of 127.0.0.1, chosen by the host, leads to SSH."""
    rom = ",romfile=" if arch.net.endswith("-pci") else ""
    return [
        "-netdev", "user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:22",
        "-device", f"{arch.net},netdev=net0{rom}",
    ]  # fmt: skip


def disks(arch: Arch, variant: Variant, boot: Bootable) -> list[str]:
    """Return the scratch disk and the variant's; what the guest writes to them is thrown away with the guest."""
    paths = {"scratch": boot.disk} if boot.disk else {}
    paths |= {name: boot.images[name] for name in variant.disks}
    words = []
    for name, path in paths.items():
        words += ["-drive", f"if=none,id={name},format=raw,snapshot=on,discard=unmap,file={escape(path)}"]
        words += ["-device", f"{arch.block},drive={name}"]
    return words


def devices(arch: Arch, variant: Variant, boot: Bootable) -> list[str]:
    """Return the variant's own devices with the paths of its images filled in."""
    filled = {name: escape(path) for name, path in boot.images.items()} | {"share": "on" if boot.shared else "off"}
    return [argument.format_map(filled) for argument in variant.machine(arch.name).args]


def escape(path: Path) -> str:
    """Return a path as an option's value; QEMU wants a comma doubled."""
    return str(path).replace(",", ",,")
