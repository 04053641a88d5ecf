"""2 MiB huge pages reserved at boot: a pool small enough for a probe to exhaust."""

from farm.variants import Variant

VARIANT = Variant(
    name="hugepages",
    says="plain, with a pool of 16 huge pages of 2 MiB reserved at boot",
    gives={"hugetlb": ("CONFIG_HUGETLBFS",)},
    # Not the default everywhere: arm64 with 16 KiB pages takes 32 MiB when nobody names a size.
    cmdline="default_hugepagesz=2M hugepagesz=2M hugepages=16",
    cannot={
        "s390x": "huge pages of 1 MiB and 2 GiB need EDAT-1 and EDAT-2, which QEMU's TCG does not have",
        "loong64": "16 KiB pages have huge pages of 32 MiB only",
    },
)
