"""The architecture table: everything that differs between architectures stands here and nowhere else.

Sources of the odd values: measured boots of stock Debian kernels; the reason stands beside each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Arch:
    """One guest architecture.

    `slowness` scales every deadline (1 = x86_64 under TCG on an idle core). `unpack` says what to hand to
    QEMU: "vmlinux" (what is inside a bzImage, a zboot or a gzipped file) or "image" (the file as it is).
    `target` is the compiler's, with a CPU behind a plus where its default asks for more than the guest's has.
    `kvm_cpu` is the model under KVM. `root_suite` is the Debian suite whose packages make the guest root.
    `needs_qemu` is the first QEMU that runs it, `because` says what an older one does. `unusable` are builds
    (package versions) whose answers would say nothing, with the reason.
    """

    name: str
    debian: str
    qemu: str
    qemu_package: str
    machine: str
    cpu: str
    console: str
    target: str
    flavour: str
    unpack: str
    kvm_cpu: str = "host"
    net: str = "virtio-net-pci"
    block: str = "virtio-blk-pci"
    root_suite: str = "bookworm"
    cmdline: str = ""
    slowness: float = 1.0
    extra_packages: tuple[str, ...] = ()
    needs_qemu: tuple[int, ...] = ()
    because: str = ""
    unusable: Mapping[str, str] = field(default_factory=dict, hash=False)


# fmt: off
ARCHES: dict[str, Arch] = {arch.name: arch for arch in (
    Arch(
        name="x86_64", debian="amd64", target="x86_64-linux-musl", flavour="cloud", unpack="vmlinux",
        qemu="qemu-system-x86_64", qemu_package="qemu-system-x86",
        machine="q35",
        # cx16: QEMU 7.2's cmpxchg16b under TCG crashes guests (9 of 60 boots). la57: a variant of its own,
        # with plain "max" every kernel but 5.10 would get five-level paging.
        cpu="max,cx16=off,la57=off", kvm_cpu="Skylake-Client-noTSX-IBRS",
        console="ttyS0",
        # Without calibration of the TSC, which goes wrong on a busy host (a guest's clock ran 65 times too fast).
        cmdline="no_timer_check tsc=reliable",
    ),
    Arch(
        name="arm64", debian="arm64", target="aarch64-linux-musl", flavour="cloud", unpack="image",
        qemu="qemu-system-aarch64", qemu_package="qemu-system-arm",
        machine="virt",
        # impdef pointer authentication: the architected algorithm costs half of a boot under TCG.
        cpu="max,pauth-impdef=on",
        console="ttyAMA0", slowness=1.2, extra_packages=("qemu-efi-aarch64",),
    ),
    Arch(
        name="i386", debian="i386", target="x86-linux-musl", flavour="686-pae", unpack="image",
        qemu="qemu-system-i386", qemu_package="qemu-system-x86",
        machine="q35",
        # cx16: as on x86_64, where QEMU's cmpxchg16b crashes guests; a 32-bit kernel uses cmpxchg8b only.
        cpu="max", kvm_cpu="Skylake-Client-noTSX-IBRS",
        console="ttyS0", cmdline="no_timer_check tsc=reliable", slowness=1.6,
    ),
    Arch(
        name="armhf", debian="armhf", target="arm-linux-musleabihf", flavour="armmp-lpae", unpack="image",
        qemu="qemu-system-arm", qemu_package="qemu-system-arm",
        machine="virt", cpu="cortex-a15",
        console="ttyAMA0", slowness=1.6,
    ),
    Arch(
        name="ppc64el", debian="ppc64el", target="powerpc64le-linux-musl", flavour="generic", unpack="vmlinux",
        qemu="qemu-system-ppc64", qemu_package="qemu-system-ppc",
        # x-vof: QEMU's own small firmware instead of SLOF, which interprets Forth for 6 of 9 seconds.
        machine="pseries,x-vof=on", cpu="power9",
        console="hvc0", slowness=1.6,
    ),
    Arch(
        name="riscv64", debian="riscv64", target="riscv64-linux-musl", flavour="generic", unpack="vmlinux",
        qemu="qemu-system-riscv64", qemu_package="qemu-system-misc",
        # QEMU 7.2 has no model "max" for it; rv64 has every extension that a general kernel asks for.
        machine="virt", cpu="rv64",
        console="ttyS0", root_suite="trixie", slowness=1.6,
    ),
    Arch(
        name="s390x", debian="s390x", target="s390x-linux-musl+arch8", flavour="generic", unpack="image",
        qemu="qemu-system-s390x", qemu_package="qemu-system-misc",
        # vx: the vector checksum (VCKSM) of QEMU 7.2 is wrong, and kernels from 6.9 drop every TCP segment by it.
        # The compiler's own default would use vectors as well: arch8 is the oldest without them that it knows.
        machine="s390-ccw-virtio", cpu="max,vx=off",
        # The first serial line becomes the SCLP line console, which Linux calls ttyS0.
        console="ttyS0", net="virtio-net-ccw", block="virtio-blk-ccw", slowness=1.6,
        unusable={
            # From 7.2 on a module finds its per-CPU variables by LARL, a little more than 2 GiB away.
            **dict.fromkeys(
                ("7.2.12-1", "7.3~rc7-1~exp1"),
                "QEMU 7.2 counts LARL's distance in 32 bits, so that beyond 2 GiB it is wrong by 4 GiB: the first "
                "write-back to ext4 (ext4_mb_new_blocks) oopses, and what touches that file system afterwards hangs",
            ),
        },
    ),
    Arch(
        name="mips64el", debian="mips64el", target="mips64el-linux-muslabi64", flavour="generic", unpack="vmlinux",
        qemu="qemu-system-mips64el", qemu_package="qemu-system-mips",
        machine="malta", cpu="5KEc",
        # A relocated kernel misses its exception table here: an EFAULT becomes an oops.
        console="ttyS0", cmdline="nokaslr", slowness=2.0,
        unusable={
            "6.1.176-1": "it loses count of the zero page (WARNING in try_grab_page, Bad page map, Bad rss-counter), "
            "and from then on every process that reads new memory dies",
        },
    ),
    Arch(
        name="loong64", debian="loong64", target="loongarch64-linux-musl", flavour="generic", unpack="vmlinux",
        qemu="qemu-system-loongarch64", qemu_package="qemu-system-misc",
        machine="virt", cpu="la464",
        # Without ACPI tables the keyboard controller's driver faults.
        console="ttyS0", cmdline="initcall_blacklist=i8042_init", root_suite="forky", slowness=1.6,
        needs_qemu=(10, 0), because="older ones do not load its kernels (qemu-system-misc of Debian 13 or backports)",
    ),
)}
# fmt: on
