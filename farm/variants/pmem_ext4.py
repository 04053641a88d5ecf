"""DAX on an emulated NVDIMM with ext4: the guest in which MAP_SYNC can be accepted."""

from collections.abc import Mapping
from dataclasses import replace

from farm.variants import Image, Machine, Variant


def nvdimms(**images: int) -> Mapping[str, Machine]:
    """Return what QEMU is given for one NVDIMM per image, of so many MiB, where they can be.

    Which of two becomes /dev/pmem0 is for QEMU to choose: it keeps no order among them.
    """
    args: tuple[str, ...] = ()
    for name, mib in images.items():
        # share=off: the guest writes to a private copy and the image stays as it was made.
        backend = f"memory-backend-file,id={name}-file,share={{share}},mem-path={{{name}}},size={mib}M"
        args += ("-object", backend, "-device", f"nvdimm,id={name}-nvdimm,memdev={name}-file,unarmed=off")
    machine = Machine(machine="nvdimm=on", memory="512M,slots=2,maxmem=2G", args=args)
    # The NFIT is an ACPI table; on arm64 ACPI comes with UEFI firmware.
    return {"x86_64": machine, "arm64": replace(machine, firmware="/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")}


# dax_aligned: ext4 gives a large file blocks that lie as huge pages do; xfs, without a stripe, by luck only.
# Without ZONE_DEVICE a pmem block device refuses DAX even where FS_DAX is set (arm64 5.10).
FSDAX = ("CONFIG_FS_DAX", "CONFIG_ZONE_DEVICE", "CONFIG_NVDIMM_PFN", "CONFIG_BLK_DEV_PMEM")
NEEDS = (*FSDAX, "CONFIG_ACPI_NFIT")

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
    says="plain, with two NVDIMMs (NFIT) of 128 MiB in fsdax mode and ext4 on them: one mounted with -o dax, one spare",
    gives={"pmem": NEEDS, "dax": NEEDS, "dax_aligned": NEEDS, "dax_spare": NEEDS, "kept": NEEDS},
    modules=("libnvdimm", "nfit", "nd_btt", "nd_pmem"),
    images=(Image("pmem", "fsdax-ext4", 128), Image("spare", "fsdax-ext4", 128)),
    setup=("mount -t ext4 -o dax /dev/pmem0 /mnt/dax", "test -b /dev/pmem1"),
    machines=nvdimms(pmem=128, spare=128),
    cannot=NO_NFIT,
)
