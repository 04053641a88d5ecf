"""DAX on virtio-pmem: flushed by the host on request, and therefore without MAP_SYNC."""

from farm.variants import Image, Machine, Variant, elsewhere
from farm.variants.pmem_ext4 import FSDAX

NEEDS = (*FSDAX, "CONFIG_VIRTIO_PMEM")

VARIANT = Variant(
    name="pmem-virtio",
    says="plain, with a virtio-pmem device of 128 MiB in fsdax mode and ext4 mounted with -o dax on it",
    gives={"pmem": NEEDS, "dax": NEEDS, "dax_aligned": NEEDS, "kept": NEEDS},
    modules=("libnvdimm", "nd_virtio", "virtio_pmem", "nd_btt", "nd_pmem"),
    images=(Image("pmem", "fsdax-ext4", 128),),
    setup=("mount -t ext4 -o dax /dev/pmem0 /mnt/dax",),
    machines={
        "x86_64": Machine(
            memory="512M,slots=2,maxmem=2G",
            args=(
                "-object", "memory-backend-file,id=pmem-file,share={share},mem-path={pmem},size=128M",
                "-device", "virtio-pmem-pci,memdev=pmem-file,id=vpmem0",
            ),
        )
    },
    cannot=elsewhere(
        "QEMU 7.2 has no virtio-pmem on this machine",
        "x86_64",
        i386="Debian's 686-pae kernels have no ZONE_DEVICE, without which no pmem device does DAX",
    ),
    fails={
        "x86_64": {
            "7.1.13-1~bpo13+1": "the mount of virtio-pmem ends with EIO on this kernel: the superblock is not "
            "flushed (7.0 and 7.2 do)"
        }
    },
)  # fmt: skip
