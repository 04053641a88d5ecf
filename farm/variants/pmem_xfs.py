"""DAX on an emulated NVDIMM with xfs."""

from farm.variants import Image, Variant
from farm.variants.pmem_ext4 import NEEDS, NO_NFIT, nvdimms

XFS = (*NEEDS, "CONFIG_XFS_FS")
# 512: arm64 takes the memory map of each begun 128 MiB in blocks of 2 MiB, which 416 MiB leave no room for (ENOMEM).
SECTORS = "$(cat /sys/block/pmem$i/size)"

VARIANT = Variant(
    name="pmem-xfs",
    says="plain, with two NVDIMMs (NFIT) of 384 and 512 MiB in fsdax mode and xfs on them: one mounted "
    "with -o dax, a larger spare one with reflink",
    gives={"pmem": XFS, "dax": XFS, "dax_spare": XFS, "dax_reflink": XFS, "kept": XFS},
    modules=("libnvdimm", "nfit", "nd_btt", "nd_pmem", "xfs"),
    images=(Image("pmem", "fsdax-xfs", 384), Image("spare", "fsdax-reflink", 512)),
    setup=(
        "test -b /dev/pmem0",
        "test -b /dev/pmem1",
        # 5.10 has no DAX together with reflink: the larger one must not be it.
        f"for i in 0 1; do test {SECTORS} -ge 800000 || mount -t xfs -o dax /dev/pmem$i /mnt/dax; done",
        "grep -q ' /mnt/dax ' /proc/mounts",
    ),
    machines=nvdimms(pmem=384, spare=512),
    cannot=NO_NFIT,
)
