"""The architecture table: everything that differs between architectures stands here and nowhere else.

Sources of the odd values: measured boots of stock Debian kernels; the reason stands beside each.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arch:
    """One guest architecture.

    `slowness` scales every deadline (1 = x86_64 under TCG on an idle core). `unpack` says what to hand to
    QEMU: "vmlinux" (the ELF inside a bzImage, started through PVH) or "image" (the file as it is).
    `kvm_cpu` is the model under KVM. `root_suite` is the Debian suite whose packages make the guest root.
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
)}
# fmt: on
