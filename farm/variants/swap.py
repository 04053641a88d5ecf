"""A disk to swap to: made by the host's mkswap, left to the probes to swap on."""

from farm.variants import Image, Variant

VARIANT = Variant(
    name="swap",
    says="plain, with a second disk of 64 MiB that carries a swap signature; not swapped on",
    gives={"swap": ("CONFIG_SWAP", "CONFIG_VIRTIO_BLK")},
    images=(Image("swap", "swap", 64),),
    disks=("swap",),
)
