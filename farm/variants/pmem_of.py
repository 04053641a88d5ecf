"""DAX on ordinary memory that the device tree declares persistent: what riscv64 has, and arm64 without firmware."""

from farm.variants import Image, Machine, Variant, elsewhere
from farm.variants.pmem_e820 import ONLY_LOADED
from farm.variants.pmem_ext4 import FSDAX, NO_NFIT

# Seen with every one of them; 6.12, 7.2 and 7.3 are well. Each probe would take its deadline, and leave a taint.
OOPS = "the first DAX page that is let go of makes this kernel oops here (dax_disassociate_entry), and what waits for "
OOPS += "the page hangs"
MIB = 1 << 20
NEEDS = (*FSDAX, "CONFIG_OF_PMEM")


def in_memory(at: int, cmdline: str = "") -> Machine:
    """Return a machine with two regions of 128 MiB from `at` on, filled with the images."""
    places = {"pmem": at, "spare": at + 128 * MIB}
    args: tuple[str, ...] = ()
    for name, place in places.items():
        args += ("-device", f"loader,file={{{name}}},addr={place:#x},force-raw=on")
    return Machine(args=args, cmdline=cmdline, regions=tuple((place, 128 * MIB) for place in places.values()))


VARIANT = Variant(
    name="pmem-of",
    says="plain, with 2 x 128 MiB of its memory declared persistent by the device tree (pmem-region), in fsdax mode "
    "with ext4 on them: one mounted with -o dax, one spare",
    gives={"pmem": NEEDS, "dax": NEEDS, "dax_aligned": NEEDS, "dax_spare": NEEDS},
    lacks={"kept": ONLY_LOADED},
    # More than is declared persistent: QEMU puts the device tree itself at the end of riscv64's memory.
    memory=896,
    modules=("?libnvdimm", "?of_pmem", "?nd_btt", "?nd_pmem"),
    images=(Image("pmem", "fsdax-ext4", 128), Image("spare", "fsdax-ext4", 128)),
    setup=("mount -t ext4 -o dax /dev/pmem0 /mnt/dax", "test -b /dev/pmem1"),
    machines={
        # QEMU writes the memory nodes of a tree for arm64 anew: what lies behind is taken from the kernel by mem=.
        "arm64": in_memory(0x60000000, "mem=512M"),
        "riscv64": in_memory(0xA0000000),
    },
    cannot=elsewhere(
        "its machine has no device tree",
        *("arm64", "riscv64"),
        i386=NO_NFIT["i386"],
        armhf=NO_NFIT["armhf"],
        ppc64el="Debian's kernels have no LIBNVDIMM",
        s390x="LIBNVDIMM is off, and the machine has no device tree",
        loong64="not tried: QEMU 10 is needed first",
    ),
    fails={
        "arm64": dict.fromkeys(
            (
                *("6.16.12-1~bpo13+1", "6.17.13-1~bpo13+1", "6.18.15-1~bpo13+1", "6.19.14-1~bpo13+1"),
                *("7.0.13-1~bpo13+1", "7.1.13-1~bpo13+1"),
            ),
            OOPS,
        )
    },
)
