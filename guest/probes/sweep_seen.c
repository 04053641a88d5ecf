/* What /proc and /sys offer about memory: every key and knob by name, and the defaults that no memory size decides. */
#include "list.h"

PROBE(sweep__keys__smaps)
{
	see_keys("/proc/self/smaps");
}

PROBE(sweep__keys__smaps_rollup)
{
	see_keys("/proc/self/smaps_rollup");
}

PROBE(sweep__keys__status)
{
	see_keys("/proc/self/status");
}

PROBE(sweep__keys__meminfo)
{
	see_keys("/proc/meminfo");
}

PROBE(sweep__keys__vmstat)
{
	see_keys("/proc/vmstat");
}

PROBE(sweep__keys__filesystems)
{
	see_keys("/proc/filesystems");
}

PROBE(sweep__keys__process)
{
	see_entries("/proc/self", NULL);
}

/* Those that the kernel computes from the size of memory, and those that count, say nothing of semantics. */
static bool is_a_default(const char *name)
{
	static const char *const computed[] = {"kbytes", "stat", "lowmem", "nr_", "drop_caches", "compact_memory"};

	for (size_t i = 0; i < sizeof(computed) / sizeof(computed[0]); i++)
		if (strstr(name, computed[i]))
			return false;
	return true;
}

PROBE(sweep__knobs__vm)
{
	see_entries("/proc/sys/vm", is_a_default);
}

PROBE(sweep__knobs__kernel_mm)
{
	see_entries("/sys/kernel/mm", NULL);
}

PROBE(sweep__knobs__thp)
{
	see_entries("/sys/kernel/mm/transparent_hugepage", is_a_default);
}

static bool is_no_counter(const char *name)
{
	static const char *const counters[] = {
		"pages_collapsed", "full_scans", "pages_", "general_profit", "ksm_", "stable_node_", "cow"};

	if (strcmp(name, "pages_to_scan") == 0)
		return true;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (strstr(name, counters[i]))
			return false;
	return true;
}

PROBE(sweep__knobs__khugepaged)
{
	see_entries("/sys/kernel/mm/transparent_hugepage/khugepaged", is_no_counter);
}

PROBE(sweep__knobs__ksm)
{
	see_entries("/sys/kernel/mm/ksm", is_no_counter);
}

PROBE(sweep__knobs__swap)
{
	see_entries("/sys/kernel/mm/swap", is_a_default);
}

PROBE(sweep__knobs__lru_gen)
{
	see_entries("/sys/kernel/mm/lru_gen", is_a_default);
}

PROBE(sweep__knobs__hugepages)
{
	see_entries("/sys/kernel/mm/hugepages/hugepages-2048kB", NULL);
}

PROBE(sweep__knobs__node)
{
	see_entries("/sys/devices/system/node/node0", NULL);
	saw("block_size_bytes", knob("/sys/devices/system/memory/block_size_bytes"));
}
