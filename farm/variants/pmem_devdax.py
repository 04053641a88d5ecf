"""An emulated NVDIMM as a character device: memory that is mapped without any file system."""

from farm.variants import Image, Variant
from farm.variants.pmem_ext4 import NO_NFIT, nvdimms

NEEDS = ("CONFIG_ZONE_DEVICE", "CONFIG_NVDIMM_DAX", "CONFIG_DEV_DAX_PMEM", "CONFIG_DEV_DAX", "CONFIG_ACPI_NFIT")

VARIANT = Variant(
    name="pmem-devdax",
    says="plain, with a 128 MiB NVDIMM (NFIT) in devdax mode: /dev/dax0.0",
    gives={"pmem": NEEDS, "devdax": NEEDS},
    # nd_pmem looks at the namespace first and hands it on when its info block says so. arm64 had no dax_pmem until
    # 6.12: there the words are unmet, with the option, and the guest is one all the same.
    modules=("libnvdimm", "nfit", "nd_btt", "nd_pmem", "?dax_pmem", "device_dax"),
    images=(Image("pmem", "devdax", 128),),
    setup=("test -c /dev/dax0.0",),
    machines=nvdimms(pmem=128),
    cannot=NO_NFIT,
)
