#include "place.h"
#include "newer.h"

#define MIB(n) ((size_t)(n) << 20)
#define CGROUP "/sys/fs/cgroup/"

/* How a count of bytes compares with n MiB, within an eighth */
static const char *about(long bytes, long n)
{
	long want = n << 20;

	return bytes < 0                                      ? "absent"
	       : bytes < want / 8                             ? "none"
	       : bytes > want * 7 / 8 && bytes < want * 9 / 8 ? "all"
							      : "other";
}

static void *touched(char *at, long n)
{
	poke_pages(at, n, 'k');
	return at;
}

PROBE(memcg__files__files)
{
	static const char *const names[] = {"memory.current", "memory.min", "memory.low", "memory.high", "memory.max",
		"memory.events", "memory.events.local", "memory.stat", "memory.numa_stat", "memory.oom.group",
		"memory.peak", "memory.reclaim", "memory.pressure", "memory.swap.current", "memory.swap.high",
		"memory.swap.max", "memory.swap.peak", "memory.swap.events", "memory.zswap.current", "memory.zswap.max",
		"memory.zswap.writeback", "cgroup.kill", "cgroup.pressure", "cgroup.freeze", "cgroup.stat.local",
		"memory.kmem.limit_in_bytes", "memory.stat.local", "memory.swap.tiers", "memory.swappiness"};

	in_child {
		enter_cgroup();
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			char word[56];
			size_t j = 0;

			for (; names[i][j]; j++)
				word[j] = names[i][j] == '.' ? '_' : names[i][j];
			word[j] = '\0';
			long fd = call(openat, AT_FDCWD, textf(CGROUP "probe/%s", names[i]), O_RDONLY, 0);

			saw(word, strcmp(outcome(fd), "ENOENT") == 0 ? "no" : "yes");
			if (!failed(fd))
				call(close, (int)fd);
		}
	}
}

PROBE(memcg__files__stat_keys)
{
	static const char *const keys[] = {"anon", "file", "kernel", "kernel_stack", "pagetables", "sec_pagetables",
		"percpu", "sock", "vmalloc", "shmem", "zswap", "zswapped", "zswap_incomp", "file_mapped", "file_dirty",
		"file_writeback", "swapcached", "anon_thp", "file_thp", "shmem_thp", "inactive_anon", "active_anon",
		"inactive_file", "active_file", "unevictable", "slab_reclaimable", "slab_unreclaimable", "slab",
		"workingset_refault_anon", "workingset_refault_file", "workingset_activate_anon",
		"workingset_restore_anon", "workingset_nodereclaim", "pgscan", "pgsteal", "pgscan_kswapd",
		"pgscan_direct", "pgscan_khugepaged", "pgscan_proactive", "pgsteal_kswapd", "pgsteal_direct",
		"pgsteal_khugepaged", "pgsteal_proactive", "pgfault", "pgmajfault", "pgrefill", "pgactivate",
		"pgdeactivate", "pglazyfree", "pglazyfreed", "swpin_zero", "swpout_zero", "zswpin", "zswpout", "zswpwb",
		"thp_fault_alloc", "thp_collapse_alloc", "thp_swpout", "thp_swpout_fallback", "numa_pages_migrated",
		"numa_pte_updates", "numa_hint_faults", "numa_task_migrated", "numa_task_swapped", "pgdemote_kswapd",
		"pgdemote_direct", "pgdemote_khugepaged", "pgdemote_proactive", "pgpromote_success", "hugetlb",
		"balloon", "pswpin", "pswpout"};

	in_child {
		enter_cgroup();
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			saw(keys[i], yes(cgroup_number("memory.stat", keys[i]) >= 0));
	}
}

PROBE(memcg__files__event_keys)
{
	static const char *const keys[] = {"low", "high", "max", "oom", "oom_kill", "oom_group_kill", "sock_throttled"};

	in_child {
		enter_cgroup();
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			saw(keys[i], yes(cgroup_number("memory.events", keys[i]) >= 0));
		saw("swap_high", yes(cgroup_number("memory.swap.events", "high") >= 0));
		saw("swap_max", yes(cgroup_number("memory.swap.events", "max") >= 0));
		saw("swap_fail", yes(cgroup_number("memory.swap.events", "fail") >= 0));
	}
}

PROBE(memcg__files__features)
{
	static const char *const names[] = {"nsdelegate", "memory_localevents", "memory_recursiveprot",
		"memory_hugetlb_accounting", "favordynmods", "pids_localevents"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		saw(names[i], file_has("/sys/kernel/cgroup/features", names[i]));
}

PROBE(memcg__files__defaults)
{
	in_child {
		enter_cgroup();
		saw("max", file_word(CGROUP "probe/memory.max"));
		saw("high", file_word(CGROUP "probe/memory.high"));
		saw("low", file_word(CGROUP "probe/memory.low"));
		saw("min", file_word(CGROUP "probe/memory.min"));
		saw("oom_group", file_word(CGROUP "probe/memory.oom.group"));
		saw("swap_max", file_word(CGROUP "probe/memory.swap.max"));
		saw("swap_high", file_word(CGROUP "probe/memory.swap.high"));
		saw("zswap_max", file_word(CGROUP "probe/memory.zswap.max"));
		saw("zswap_writeback", file_word(CGROUP "probe/memory.zswap.writeback"));
	}
}

PROBE(memcg__files__peak_reset)
{
	in_child {
		enter_cgroup();
		saw("reset", cgroup_set("memory.peak", "reset"));
		saw("swap_reset", cgroup_set("memory.swap.peak", "reset"));
	}
}

PROBE(memcg__files__kill)
{
	in_child {
		enter_cgroup();
		if (strcmp(file_word(CGROUP "probe/cgroup.kill"), "ENOENT") == 0)
			saw("kill", "ENOENT");
		else {
			saw("kill", "ok");
			cgroup_set("cgroup.kill", "1");
		}
	}
	saw("end", child_end());
}

PROBE(memcg__files__oom_group)
{
	in_child {
		enter_cgroup();
		cgroup_set("memory.oom.group", "1");
		cgroup_set("memory.max", "8M");
		other_process();
		touched(anon((long)(MIB(24) / page_size), 0), (long)(MIB(24) / page_size));
	}
	saw("end", child_end());
	saw("several", yes(cgroup_number("memory.events", "oom_kill") > 1));
	saw("oom_group_kill", cgroup_number("memory.events", "oom_group_kill"));
}

PROBE(memcg__charge__anonymous)
{
	in_child {
		enter_cgroup();
		long n = (long)(MIB(8) / page_size);
		char *at = anon(n, 0);

		saw("before", about(cgroup_number("memory.stat", "anon"), 8));
		poke_pages(at, n, 'k');
		saw("anon", about(cgroup_number("memory.stat", "anon"), 8));
		call(munmap, at, MIB(8));
		saw("after", about(cgroup_number("memory.stat", "anon"), 8));
	}
}

PROBE(memcg__charge__shared)
{
	in_child {
		enter_cgroup();
		long n = (long)(MIB(8) / page_size);

		poke_pages(shared_anon(n, 0), n, 'k');
		saw("shmem", about(cgroup_number("memory.stat", "shmem"), 8));
		saw("file", about(cgroup_number("memory.stat", "file"), 8));
		saw("anon", about(cgroup_number("memory.stat", "anon"), 8));
	}
}

PROBE(memcg__charge__touched_by_other)
{
	long n = (long)(MIB(8) / page_size);
	char *at = touched(shared_anon(n, 0), n);

	in_child {
		enter_cgroup();
		poke_pages(at, n, 'w');
		saw("shmem", about(cgroup_number("memory.stat", "shmem"), 8));
	}
}

PROBE(memcg__charge__moved_process)
{
	in_child {
		long n = (long)(MIB(8) / page_size);

		touched(anon(n, 0), n);
		enter_cgroup();
		saw("anon", about(cgroup_number("memory.stat", "anon"), 8));
	}
}

PROBE(memcg__charge__memfd_fallocate)
{
	int fd = memfd("charge", 0, 0, 0);

	in_child {
		enter_cgroup();
		call(fallocate, fd, 0, 0, (long long)MIB(8));
		saw("shmem", about(cgroup_number("memory.stat", "shmem"), 8));
	}
}

PROBE(memcg__charge__locked)
{
	in_child {
		enter_cgroup();
		char *at = anon((long)(MIB(8) / page_size), 0);

		call(mlock, at, MIB(8));
		saw("unevictable", about(cgroup_number("memory.stat", "unevictable"), 8));
		saw("anon", about(cgroup_number("memory.stat", "anon"), 8));
	}
}

PROBE(memcg__charge__swapped)
{
	if (failed(call(swapon, swap_file((long)(MIB(12) / page_size)), 0)))
		broken("swapon");
	in_child {
		enter_cgroup();
		long n = (long)(MIB(8) / page_size);
		char *at = touched(anon(n, 0), n);

		call(madvise, at, MIB(8), MADV_PAGEOUT);
		saw("anon", about(cgroup_number("memory.stat", "anon"), 8));
		saw("swap", about(cgroup_number("memory.swap.current", ""), 8));
	}
}

PROBE(memcg__charge__swap_full)
{
	if (failed(call(swapon, swap_file((long)(MIB(12) / page_size)), 0)))
		broken("swapon");
	in_child {
		enter_cgroup();
		long n = (long)(MIB(8) / page_size);
		char *at = touched(anon(n, 0), n);

		saw("set", cgroup_set("memory.swap.max", "4M"));
		call(madvise, at, MIB(8), MADV_PAGEOUT);
		saw("swap", strcmp(about(cgroup_number("memory.swap.current", ""), 4), "all") == 0 ? "half" : "other");
		saw("fail", yes(cgroup_number("memory.swap.events", "fail") > 0 ||
				    cgroup_number("memory.swap.events", "max") > 0));
	}
}

PROBE(memcg__charge__huge_page)
{
	set_knob("/proc/sys/vm/nr_hugepages", "4");
	in_child {
		enter_cgroup();
		long before = cgroup_number("memory.current", "");

		huge(4, 'h', MAP_PRIVATE);
		saw("counted", yes(cgroup_number("memory.current", "") - before > (long)huge_size()));
	}
}

PROBE(memcg__charge__transparent_huge_page)
{
	set_knob("/sys/kernel/mm/transparent_hugepage/enabled", "always");
	in_child {
		enter_cgroup();
		long n = (long)(MIB(8) / page_size);

		touched(anon(n, 0), n);
		saw("anon", about(cgroup_number("memory.stat", "anon"), 8));
		saw("anon_thp", about(cgroup_number("memory.stat", "anon_thp"), 8));
	}
}
