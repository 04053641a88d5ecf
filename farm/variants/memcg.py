"""Control groups (v2) with the memory controller, for probes that limit themselves."""

from farm.variants import Variant

VARIANT = Variant(
    name="memcg",
    says="plain, with cgroup v2 on /sys/fs/cgroup and the memory controller given to its children",
    gives={"memcg": ("CONFIG_MEMCG",)},
    setup=(
        "mount -t cgroup2 cgroup2 /sys/fs/cgroup",
        "echo +memory >/sys/fs/cgroup/cgroup.subtree_control",
    ),
)
