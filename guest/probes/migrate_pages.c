#include <string.h>
#include "place.h"
#include "newer.h"

enum { BITS = 8 * sizeof(unsigned long) };

static const char *migrated(int pid, unsigned long from, unsigned long to)
{
	note("from %#lx to %#lx:", from, to);
	return outcome(call(migrate_pages, pid, BITS, &from, &to));
}

PROBE(migrate__migrate_pages__one_node_to_other)
{
	on_cpu(0);
	char *at = anon(4, 'k');

	bind_pages(at, 4, MPOL_BIND, 1, MPOL_MF_MOVE);
	bind_pages(at, 4, MPOL_DEFAULT, 0, 0);
	saw("before", node_of(at));
	saw("migrate_pages", migrated(0, 1, 2));
	saw("after", node_of(at));
	saw("contents", contents(at, 4));
}

PROBE(migrate__migrate_pages__swap_nodes)
{
	on_cpu(0);
	char *at = anon(2, 'k');

	move_to(at, 0);
	move_to(at + pages(1), 1);
	saw("migrate_pages", migrated(0, 3, 3));
	saw("first", node_of(at));
	saw("second", node_of(at + pages(1)));
}

PROBE(migrate__migrate_pages__bound_pages)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	bind_pages(at, 1, MPOL_BIND, 1, MPOL_MF_MOVE);
	saw("migrate_pages", migrated(0, 1, 2));
	saw("after", node_of(at));
}

PROBE(migrate__migrate_pages__locked)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	move_to(at, 0);
	call(mlock, at, pages(1));
	migrated(0, 1, 2);
	saw("after", node_of(at));
}

PROBE(migrate__migrate_pages__shared_by_fork)
{
	on_cpu(0);
	char *at = anon(1, 'k');
	int other;

	move_to(at, 0);
	other = other_process();
	saw("migrate_pages", migrated(0, 1, 2));
	saw("after", node_of(at));
	end_other(other);
}

PROBE(migrate__migrate_pages__other_process)
{
	on_cpu(0);
	int other = other_process();

	saw("migrate_pages", migrated(other, 1, 2));
	end_other(other);
}

PROBE(migrate__migrate_pages__same_node)
{
	saw("migrate_pages", migrated(0, 1, 1));
}

PROBE(migrate__migrate_pages__missing_node)
{
	saw("offline", migrated(0, 1, 1UL << 9));
	saw("none", migrated(0, 1, 0));
	saw("from_none", migrated(0, 0, 1));
	saw("from_offline", migrated(0, 1UL << 9, 1));
}

PROBE(migrate__migrate_pages__sizes_of_mask)
{
	unsigned long from[512] = {1}, to[512] = {1};

	saw("zero", outcome(call(migrate_pages, 0, 0, from, to)));
	saw("one", outcome(call(migrate_pages, 0, 1, from, to)));
	saw("page", outcome(call(migrate_pages, 0, 4096 * 8, from, to)));
	saw("beyond_page", outcome(call(migrate_pages, 0, 4096 * 8 + 64, from, to)));
}

PROBE(migrate__migrate_pages__bad_pointer)
{
	unsigned long one = 1;

	saw("from", outcome(call(migrate_pages, 0, BITS, space(1), &one)));
	saw("to", outcome(call(migrate_pages, 0, BITS, &one, space(1))));
}

PROBE(migrate__migrate_pages__permission)
{
	int pid = other_process();

	in_child {
		become_user();
		saw("other", migrated(pid, 1, 1));
		saw("missing", migrated(0x3ffffff, 1, 1));
		saw("own", migrated(0, 1, 1));
	}
	end_other(pid);
}

PROBE(migrate__huge_pages__huge_page)
{
	on_cpu(0);
	set_knob("/proc/sys/vm/nr_hugepages", "2");

	char *at = huge(1, 'h', MAP_PRIVATE);

	if (strcmp(try_knob("/proc/sys/vm/nr_overcommit_hugepages", "2"), "ok") != 0)
		unmet("the kernel gives no huge page of this size beyond its pool");
	bind_pages(at, (long)(huge_size() / page_size), MPOL_BIND, 3, 0);
	saw("node_known", yes(strlen(node_of(at)) == 1));
	saw("status", move_to(at, 1));
	saw("back", move_to(at, 0));
	saw("contents", peek(at));
}

PROBE(migrate__huge_pages__transparent_huge_page)
{
	on_cpu(0);
	char *at = anon(1024, 0);

	set_knob("/sys/kernel/mm/transparent_hugepage/enabled", "always");
	bind_pages(at, 1024, MPOL_BIND, 1, 0);
	poke(at, 'k');
	saw("huge", smaps_pages(at, "AnonHugePages"));
	bind_pages(at, 1024, MPOL_DEFAULT, 0, 0);
	saw("status", move_to(at, 1));
	saw("inside", node_of(at + pages(9)));
	saw("huge_after", smaps_pages(at, "AnonHugePages"));
}

PROBE(migrate__first_touch__touch)
{
	on_cpu(0);
	char *at = anon(1, 'k');
	unsigned long node = 99;

	call(get_mempolicy, &node, NOWHERE, 0, at, MPOL_F_NODE | MPOL_F_ADDR);
	saw("node_below_2", yes(node < 2));
}

PROBE(migrate__first_touch__preferred)
{
	on_cpu(0);
	char *at = anon(2, 0);

	call(set_mempolicy, MPOL_BIND, (unsigned long[]){1}, BITS);
	poke(at, 'a');
	saw("set", outcome(set_policy(MPOL_PREFERRED, 2)));
	poke(at + pages(1), 'b');
	saw("before", node_of(at));
	saw("after", node_of(at + pages(1)));
}

PROBE(migrate__knobs__numa_balancing)
{
	on_cpu(0);
	const char *path = "/proc/sys/kernel/numa_balancing";

	saw("default", knob(path));
	saw("at_1", try_knob(path, "1"));
	saw("at_2", try_knob(path, "2"));
	saw("at_3", try_knob(path, "3"));
	saw("at_4", try_knob(path, "4"));
}

PROBE(migrate__knobs__numa_balancing_one_node)
{
	const char *path = "/proc/sys/kernel/numa_balancing";

	saw("default", knob(path));
	saw("at_2", try_knob(path, "2"));
}

PROBE(migrate__knobs__demotion)
{
	saw("default", knob("/sys/kernel/mm/numa/demotion_enabled"));
	saw("on", try_knob("/sys/kernel/mm/numa/demotion_enabled", "true"));
}

PROBE(migrate__knobs__zone_reclaim)
{
	on_cpu(0);
	const char *path = "/proc/sys/vm/zone_reclaim_mode";

	saw("default", knob(path));
	saw("at_7", try_knob(path, "7"));
	saw("at_8", try_knob(path, "8"));
}

PROBE(migrate__knobs__counters)
{
	static const char *const keys[] = {"pgmigrate_success", "pgmigrate_fail", "thp_migration_success",
		"thp_migration_fail", "thp_migration_split", "numa_pages_migrated", "pgpromote_success",
		"pgpromote_candidate", "pgdemote_kswapd", "pgdemote_direct", "pgdemote_khugepaged",
		"pgdemote_proactive", "numa_hint_faults", "numa_interleave", "numa_task_migrated",
		"compact_migrate_scanned", "numa_pte_updates", "numa_task_swapped", "pgpromote_candidate_nrl"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		saw(keys[i], yes(proc_number("/proc/vmstat", keys[i]) >= 0));
}

PROBE(migrate__knobs__tiers)
{
	saw("memory_tiering", yes(strcmp(file_word("/sys/devices/virtual/memory_tiering/uevent"), "ENOENT") != 0));
	saw("weight_node0", file_word("/sys/kernel/mm/mempolicy/weighted_interleave/node0"));
	saw("weight_auto", file_word("/sys/kernel/mm/mempolicy/weighted_interleave/auto"));
}
