"""DAX on an emulated NVDIMM with ext4: the guest in which MAP_SYNC can be accepted."""

from farm.variants import Image, Machine, Variant

NVDIMM = Machine(
    machine="nvdimm=on",
    memory="512M,slots=2,maxmem=2G",
    args=(
        # share=off: the guest writes to a private copy and the image stays as it was made.
        "-object", "memory-backend-file,id=pmem0,share=off,mem-path={pmem},size=128M",
        "-device", "nvdimm,id=nvdimm0,memdev=pmem0,unarmed=off",
    ),
)  # fmt: skip

VARIANT = Variant(
    name="pmem-ext4",
    says="plain, with a 128 MiB NVDIMM (NFIT) in fsdax mode and ext4 mounted with -o dax on it",
    # Without ZONE_DEVICE a pmem block device refuses DAX even where FS_DAX is set (arm64 5.10).
    gives={
        "dax": ("CONFIG_FS_DAX", "CONFIG_ZONE_DEVICE", "CONFIG_NVDIMM_PFN", "CONFIG_BLK_DEV_PMEM", "CONFIG_ACPI_NFIT")
    },
    modules=("libnvdimm", "nfit", "nd_btt", "nd_pmem"),
    images=(Image("pmem", "fsdax-ext4", 128),),
    setup=("mount -t ext4 -o dax /dev/pmem0 /mnt/dax",),
    machines={
        "x86_64": NVDIMM,
        # The NFIT is an ACPI table; on arm64 ACPI comes with UEFI firmware.
        "arm64": Machine(
            machine=NVDIMM.machine,
            memory=NVDIMM.memory,
            args=NVDIMM.args,
            firmware="/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
        ),
    },
)
