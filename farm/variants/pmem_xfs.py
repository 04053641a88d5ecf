"""DAX on an emulated NVDIMM with xfs."""

from farm.variants import Image, Variant
from farm.variants.pmem_ext4 import NEEDS, NO_NFIT, nvdimms

XFS = (*NEEDS, "CONFIG_XFS_FS")

VARIANT = Variant(
    name="pmem-xfs",
    says="plain, with two NVDIMMs (NFIT) of 384 MiB in fsdax mode and xfs on them: one mounted with -o dax, "
    "a spare one with reflink",
    gives={"dax": XFS, "dax_spare": XFS, "dax_reflink": XFS, "kept": XFS},
    modules=("libnvdimm", "nfit", "nd_btt", "nd_pmem", "xfs"),
    images=(Image("pmem", "fsdax-xfs", 384), Image("spare", "fsdax-reflink", 384)),
    setup=("mount -t xfs -o dax /dev/pmem0 /mnt/dax", "test -b /dev/pmem1"),
    machines=nvdimms("pmem", "spare", mib=384),
    cannot=NO_NFIT,
)
