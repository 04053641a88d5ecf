"""Huge pages of 1 GiB."""

from farm.variants import Variant, elsewhere

VARIANT = Variant(
    name="hugepages-1g",
    says="4 GiB of memory, with a pool of 2 huge pages of 1 GiB",
    # A word of its own: the probes of `hugetlb` clear dozens of pages each, which takes minutes at this size.
    gives={"huge1g": ("CONFIG_HUGETLBFS",)},
    memory=4096,
    cmdline="hugepagesz=1G hugepages=2",
    cannot=elsewhere(
        "32 bits have no huge pages of 1 GiB",
        *("x86_64", "arm64", "ppc64el", "riscv64"),
        s390x="huge pages of 1 MiB and 2 GiB need EDAT-1 and EDAT-2, which TCG lacks",
        mips64el="it has no huge pages of 1 GiB",
        loong64="it has no huge pages of 1 GiB",
    ),
)
