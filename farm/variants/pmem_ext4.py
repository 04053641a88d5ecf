"""DAX on an emulated NVDIMM with ext4: the guest in which MAP_SYNC can be accepted."""

from dataclasses import replace

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

# The NFIT is an ACPI table; on arm64 ACPI comes with UEFI firmware.
UEFI = replace(NVDIMM, firmware="/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")

# Without ZONE_DEVICE a pmem block device refuses DAX even where FS_DAX is set (arm64 5.10).
NEEDS = ("CONFIG_FS_DAX", "CONFIG_ZONE_DEVICE", "CONFIG_NVDIMM_PFN", "CONFIG_BLK_DEV_PMEM", "CONFIG_ACPI_NFIT")

NO_NFIT = {
    "i386": "Debian's 686-pae kernels have no ZONE_DEVICE, without which no pmem device does DAX",
    "armhf": "CONFIG_DAX is off, and 32-bit ARM has no ZONE_DEVICE",
    "ppc64el": "Debian's kernels have no LIBNVDIMM, which QEMU's spapr-nvdimm needs",
    "riscv64": "QEMU 7.2's virt machine has no ACPI there, and so no NFIT",
    "s390x": "LIBNVDIMM is off, and QEMU has no DCSS device",
    "mips64el": "malta has no persistent memory",
    "loong64": "QEMU's virt machine has no NVDIMM there",
}

VARIANT = Variant(
    name="pmem-ext4",
    says="plain, with a 128 MiB NVDIMM (NFIT) in fsdax mode and ext4 mounted with -o dax on it",
    gives={"dax": NEEDS},
    modules=("libnvdimm", "nfit", "nd_btt", "nd_pmem"),
    images=(Image("pmem", "fsdax-ext4", 128),),
    setup=("mount -t ext4 -o dax /dev/pmem0 /mnt/dax",),
    machines={"x86_64": NVDIMM, "arm64": UEFI},
    cannot=NO_NFIT,
)
