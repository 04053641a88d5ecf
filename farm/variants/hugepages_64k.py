"""Huge pages of 64 KiB: sixteen entries of a page table that say they belong together."""

from farm.variants import Variant, elsewhere

VARIANT = Variant(
    name="hugepages-64k",
    says="plain, with a pool of 64 huge pages of 64 KiB, which are the default size",
    gives={"hugetlb": ("CONFIG_HUGETLBFS",)},
    memory=512,
    cmdline="default_hugepagesz=64K hugepagesz=64K hugepages=64",
    cannot={
        "arm64@16k": "with 16 KiB pages the smallest huge pages have 2 MiB",
        **elsewhere(
            "it has no huge pages of 64 KiB",
            *("arm64",),
            s390x="huge pages of 1 MiB and 2 GiB need EDAT-1 and EDAT-2, which TCG lacks",
            riscv64="they need Svnapot, which is off in the CPU model that the farm uses",
        ),
    },
)
