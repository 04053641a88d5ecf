"""Memory enough that a transparent huge page is to be had whenever one is asked for."""

from farm.variants import Variant

VARIANT = Variant(
    name="thp",
    says="plain, with 768 MiB of memory",
    gives={"thp": ("CONFIG_TRANSPARENT_HUGEPAGE",)},
    memory=768,
    # Where the kernel's configuration has none (armhf), the probes are unmet and the option is named.
    cannot={"s390x": "transparent huge pages need EDAT-1, which QEMU's TCG does not have"},
)
