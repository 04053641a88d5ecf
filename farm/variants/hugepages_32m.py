"""Huge pages of 32 MiB: a contiguous block of arm64 with 4 KiB pages, a level of its own with 16 KiB pages."""

from farm.variants import Variant, elsewhere

VARIANT = Variant(
    name="hugepages-32m",
    says="plain, with a pool of 8 huge pages of 32 MiB, which are the default size",
    gives={"hugetlb": ("CONFIG_HUGETLBFS",)},
    memory=1024,
    cmdline="default_hugepagesz=32M hugepagesz=32M hugepages=8",
    cannot=elsewhere(
        "it has no huge pages of 32 MiB",
        *("arm64", "loong64"),
        s390x="huge pages of 1 MiB and 2 GiB need EDAT-1 and EDAT-2, which TCG lacks",
    ),
)
