"""Huge pages of 16 MiB: what POWER has under its hash MMU only."""

from farm.variants import Machine, Variant, elsewhere

VARIANT = Variant(
    name="hugepages-16m",
    says="the hash MMU, with a pool of 16 huge pages of 16 MiB, which are the default size",
    gives={"hugetlb": ("CONFIG_HUGETLBFS",)},
    memory=768,
    cmdline="default_hugepagesz=16M hugepagesz=16M hugepages=16",
    machines={"ppc64el": Machine(machine="cap-hpt-max-page-size=16M", cmdline="disable_radix")},
    cannot=elsewhere(
        "it has no huge pages of 16 MiB",
        *("ppc64el",),
    ),
)
