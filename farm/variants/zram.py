"""Swap in compressed memory: there the kernel drops a page from its swap cache at once, on a disk it does not."""

from farm.variants import Variant

VARIANT = Variant(
    name="zram",
    says="plain, with a zram device of 64 MiB; not swapped on",
    gives={"zram": ("CONFIG_SWAP", "CONFIG_ZRAM")},
    # The compressor is asked for by a name that modules.dep does not know.
    modules=("?lzo", "?lzo_rle", "zram"),
    setup=("echo 64M >/sys/block/zram0/disksize",),
)
