"""The guest as it comes; every probe runs here, those that need more say so."""

from farm.variants import Variant

VARIANT = Variant(
    name="plain",
    says="one CPU, 512 MiB, an ext4 scratch disk; no huge pages reserved, no swap",
)
