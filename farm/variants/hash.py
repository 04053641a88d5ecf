"""POWER's hash MMU instead of radix page tables: the whole catalogue, because every fault takes another way."""

from farm.variants import Machine, Variant, elsewhere

VARIANT = Variant(
    name="hash",
    says="plain, with the hash MMU (disable_radix)",
    machines={"ppc64el": Machine(cmdline="disable_radix")},
    cannot=elsewhere("only POWER has a hash MMU", "ppc64el"),
)
