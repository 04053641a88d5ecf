"""Five levels of page tables: addresses above 47 bits for those who ask for them."""

from farm.variants import Machine, Variant, elsewhere

VARIANT = Variant(
    name="la57",
    says="plain, on a CPU with 5-level paging (LA57)",
    # No option here: CONFIG_X86_5LEVEL has gone from kernels that always can.
    gives={"la57": ()},
    machines={"x86_64": Machine(cpu="la57=on")},
    cannot=elsewhere("5-level paging (LA57) is a feature of x86_64's CPUs", "x86_64"),
)
