"""DAX on ordinary memory that the command line declares persistent: no NFIT, no device of QEMU's."""

from farm.variants import Image, Machine, Variant, elsewhere
from farm.variants.pmem_ext4 import FSDAX

NEEDS = (*FSDAX, "CONFIG_X86_PMEM_LEGACY")
# A guest's memory ends with QEMU: nothing that was written is there for the next one.
ONLY_LOADED = "the image is only loaded into the guest's memory when it starts"

VARIANT = Variant(
    name="pmem-e820",
    says="plain, with 128 MiB of its memory at 256 MiB declared persistent (memmap=), in fsdax mode with ext4 on it",
    gives={"pmem": NEEDS, "dax": NEEDS, "dax_aligned": NEEDS},
    lacks={"kept": ONLY_LOADED},
    memory=768,
    modules=("libnvdimm", "nd_e820", "nd_btt", "nd_pmem"),
    images=(Image("pmem", "fsdax-ext4", 128),),
    setup=("mount -t ext4 -o dax /dev/pmem0 /mnt/dax",),
    machines={
        "x86_64": Machine(
            args=("-device", "loader,file={pmem},addr=0x10000000,force-raw=on"), cmdline="memmap=128M!256M"
        )
    },
    cannot=elsewhere(
        "the e820 map, and memmap= with it, are x86's",
        "x86_64",
        i386="Debian's 686-pae kernels have no ZONE_DEVICE, without which no pmem device does DAX",
    ),
)
