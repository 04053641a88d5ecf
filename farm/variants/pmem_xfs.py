"""DAX on an emulated NVDIMM with xfs."""

from dataclasses import replace

from farm.variants import Image, Variant
from farm.variants.pmem_ext4 import NEEDS, NO_NFIT, NVDIMM, UEFI


def _larger(args: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.replace("size=128M", "size=384M") for word in args)


VARIANT = Variant(
    name="pmem-xfs",
    says="plain, with a 384 MiB NVDIMM (NFIT) in fsdax mode and xfs mounted with -o dax on it",
    gives={"dax": (*NEEDS, "CONFIG_XFS_FS")},
    modules=("libnvdimm", "nfit", "nd_btt", "nd_pmem", "xfs"),
    images=(Image("pmem", "fsdax-xfs", 384),),
    setup=("mount -t xfs -o dax /dev/pmem0 /mnt/dax",),
    machines={
        "x86_64": replace(NVDIMM, args=_larger(NVDIMM.args)),
        "arm64": replace(UEFI, args=_larger(UEFI.args)),
    },
    cannot=NO_NFIT,
)
