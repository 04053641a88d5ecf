"""2 MiB huge pages reserved at boot: a pool small enough for a probe to exhaust."""

from farm.variants import Variant

VARIANT = Variant(
    name="hugepages",
    says="plain, with a pool of 16 huge pages of 2 MiB reserved at boot",
    gives={"hugetlb": ("CONFIG_HUGETLBFS",)},
    cmdline="hugepagesz=2M hugepages=16",
)
