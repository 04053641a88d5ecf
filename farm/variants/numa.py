"""Two memory nodes, so that pages have somewhere to be moved to."""

from dataclasses import replace

from farm.variants import Machine, Variant

NODES = Machine(
    args=(
        "-object", "memory-backend-ram,id=ram0,size=256M",
        "-object", "memory-backend-ram,id=ram1,size=256M",
        "-numa", "node,nodeid=0,memdev=ram0,cpus=0",
        "-numa", "node,nodeid=1,memdev=ram1,cpus=1",
    ),
)  # fmt: skip

VARIANT = Variant(
    name="numa",
    says="two nodes of 256 MiB with a CPU each",
    gives={"numa2": ("CONFIG_NUMA",)},
    # Two nodes in one socket make x86 kernels warn at boot and taint themselves.
    smp="2,sockets=2",
    machines={
        "x86_64": NODES,
        "arm64": NODES,
        "ppc64el": NODES,
        # With a PLIC to each node, that of the second one serves PCI and its interrupts never arrive.
        "riscv64": replace(NODES, machine="aia=aplic"),
    },
    cannot={
        "i386": "Debian's 686-pae kernels have no CONFIG_NUMA",
        "armhf": "32-bit ARM kernels know no NUMA",
        "s390x": "QEMU gives an s390x guest one node",
        "mips64el": "malta is one node",
        "loong64": "not tried: QEMU 10 is needed first",
    },
)
