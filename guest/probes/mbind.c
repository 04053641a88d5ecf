#include "place.h"
#include "newer.h"

enum { BITS = 8 * sizeof(unsigned long) };

static const char *bound(void *at, long n, int mode, unsigned long nodes, int flags)
{
	return outcome(bind_pages(at, n, mode, nodes, flags));
}

/* How many of n pages lie on node 1 */
static int on_node_1(char *at, long n)
{
	int count = 0;

	for (long i = 0; i < n; i++)
		count += strcmp(node_of(at + pages(i)), "1") == 0;
	return count;
}

/* The policy column of /proc/self/numa_maps for the mapping */
static const char *numa_maps(const char *text)
{
	return file_has("/proc/self/numa_maps", text);
}

PROBE(mbind__policy__bind)
{
	on_cpu(0);
	char *at = anon(1, 0);

	saw("mbind", bound(at, 1, MPOL_BIND, 2, 0));
	poke(at, 'k');
	saw("node", node_of(at));
}

PROBE(mbind__policy__preferred)
{
	on_cpu(0);
	char *at = anon(1, 0);

	saw("mbind", bound(at, 1, MPOL_PREFERRED, 2, 0));
	poke(at, 'k');
	saw("node", node_of(at));
}

PROBE(mbind__policy__preferred_many)
{
	on_cpu(0);
	char *at = anon(1, 0);

	saw("mbind", bound(at, 1, MPOL_PREFERRED_MANY, 2, 0));
	call(set_mempolicy, MPOL_DEFAULT, NOWHERE, 0);
	poke(at, 'k');
	if (strcmp(numa_maps("prefer (many)"), "yes") == 0)
		saw("node", node_of(at));
}

PROBE(mbind__policy__interleave)
{
	on_cpu(0);
	char *at = anon(8, 0);

	saw("mbind", bound(at, 8, MPOL_INTERLEAVE, 3, 0));
	fill(at, 8, 'k');
	saw("on_node_1", on_node_1(at, 8));
}

PROBE(mbind__policy__weighted_interleave)
{
	on_cpu(0);
	char *at = anon(8, 0);
	const char *folder = "/sys/kernel/mm/mempolicy/weighted_interleave/";

	saw("node0", try_knob(textf("%snode0", folder), "3"));
	saw("node1", try_knob(textf("%snode1", folder), "1"));
	saw("mbind", bound(at, 8, MPOL_WEIGHTED_INTERLEAVE, 3, 0));
	if (strcmp(numa_maps("weighted interleave"), "yes") != 0)
		return;
	fill(at, 8, 'k');
	saw("on_node_1", on_node_1(at, 8));
}

PROBE(mbind__policy__weight_limits)
{
	on_cpu(0);
	const char *path = "/sys/kernel/mm/mempolicy/weighted_interleave/node0";

	saw("default", knob(path));
	saw("at_255", try_knob(path, "255"));
	saw("at_256", try_knob(path, "256"));
	saw("at_0", try_knob(path, "0"));
}

PROBE(mbind__policy__local)
{
	on_cpu(0);
	saw("mbind", bound(anon(1, 0), 1, MPOL_LOCAL, 0, 0));
	saw("numa_maps", numa_maps("local"));
}

PROBE(mbind__policy__part_of_mapping)
{
	char *at = anon(3, 'k');

	bound(at + pages(1), 1, MPOL_BIND, 1, 0);
	saw("inside", mapping_pages(at + pages(1)));
	bound(at, 1, MPOL_BIND, 1, 0);
	bound(at + pages(2), 1, MPOL_BIND, 1, 0);
	saw("whole", mapping_pages(at));
}

PROBE(mbind__policy__names)
{
	bound(anon(1, 'a'), 1, MPOL_BIND, 1, 0);
	saw("bind", numa_maps("bind:0"));
	bound(anon(1, 'a'), 1, MPOL_PREFERRED, 1, 0);
	saw("preferred", numa_maps("prefer:0"));
	bound(anon(1, 'a'), 1, MPOL_INTERLEAVE, 1, 0);
	saw("interleave", numa_maps("interleave:0"));
	bound(anon(1, 'a'), 1, MPOL_PREFERRED_MANY, 1, 0);
	saw("preferred_many", numa_maps("prefer (many):0"));
	bound(anon(1, 'a'), 1, MPOL_WEIGHTED_INTERLEAVE, 1, 0);
	saw("weighted", numa_maps("weighted interleave:0"));
	bound(anon(1, 'a'), 1, MPOL_BIND | MPOL_F_STATIC_NODES, 1, 0);
	saw("static", numa_maps("bind=static:0"));
	saw("kernel_page_size", numa_maps("kernelpagesize_kB="));
}

PROBE(mbind__policy__of_shared_memory)
{
	on_cpu(0);
	int fd = memfd("policy", 2, 0, 0);
	char *at = mapped(fd, 2, RW, MAP_SHARED), *other = mapped(fd, 2, RW, MAP_SHARED);

	saw("mbind", bound(at, 2, MPOL_BIND, 2, 0));
	poke(other, 'k');
	saw("node", node_of(other));
}

PROBE(mbind__policy__of_file)
{
	on_cpu(0);
	int fd = ext4_file(1, 'f');
	char *at = mapped(fd, 1, RW, MAP_SHARED);

	call(ftruncate, fd, 0);
	call(ftruncate, fd, (long)pages(1));
	call(set_mempolicy, MPOL_BIND, (unsigned long[]){1}, BITS);
	saw("mbind", bound(at, 1, MPOL_BIND, 2, 0));
	poke(at, 'k');
	saw("node", node_of(at));
}

PROBE(mbind__policy__child)
{
	on_cpu(0);
	char *at = anon(1, 0);

	bound(at, 1, MPOL_BIND, 2, 0);
	in_child {
		poke(at, 'k');
		saw("node", node_of(at));
	}
}

PROBE(mbind__move__without_flag)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	move_to(at, 0);
	saw("mbind", bound(at, 1, MPOL_BIND, 2, 0));
	saw("node", node_of(at));
}

PROBE(mbind__move__strict)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	move_to(at, 0);
	saw("wrong", bound(at, 1, MPOL_BIND, 2, MPOL_MF_STRICT));
	saw("right", bound(at, 1, MPOL_BIND, 1, MPOL_MF_STRICT));
}

PROBE(mbind__move__move)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	move_to(at, 0);
	saw("mbind", bound(at, 1, MPOL_BIND, 2, MPOL_MF_MOVE));
	saw("node", node_of(at));
	saw("contents", peek(at));
}

PROBE(mbind__move__move_shared_by_fork)
{
	on_cpu(0);
	char *at = anon(1, 'k');
	int other;

	move_to(at, 0);
	other = other_process();
	saw("mbind", bound(at, 1, MPOL_BIND, 2, MPOL_MF_MOVE));
	saw("move", node_of(at));
	saw("strict", bound(at, 1, MPOL_BIND, 2, MPOL_MF_MOVE | MPOL_MF_STRICT));
	saw("all", bound(at, 1, MPOL_BIND, 2, MPOL_MF_MOVE_ALL));
	saw("move_all", node_of(at));
	end_other(other);
}

PROBE(mbind__move__move_locked)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	move_to(at, 0);
	call(mlock, at, pages(1));
	saw("mbind", bound(at, 1, MPOL_BIND, 2, MPOL_MF_MOVE | MPOL_MF_STRICT));
	saw("node", node_of(at));
}

PROBE(mbind__move__move_all_as_user)
{
	char *at = anon(1, 'k');

	become_user();
	saw("move_all", bound(at, 1, MPOL_BIND, 1, MPOL_MF_MOVE_ALL));
	saw("move", bound(at, 1, MPOL_BIND, 1, MPOL_MF_MOVE));
}

PROBE(mbind__move__default_move)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	move_to(at, 1);
	saw("strict", bound(at, 1, MPOL_DEFAULT, 0, MPOL_MF_STRICT));
	saw("move", bound(at, 1, MPOL_DEFAULT, 0, MPOL_MF_MOVE));
	saw("node", node_of(at));
}

PROBE(mbind__errors__unaligned)
{
	char *at = anon(2, 'k');
	unsigned long node = 1;

	saw("address", outcome(call(mbind, at + 1, pages(1), MPOL_BIND, &node, BITS, 0)));
	saw("length", outcome(call(mbind, at, pages(1) + 1, MPOL_BIND, &node, BITS, 0)));
	saw("zero", outcome(call(mbind, at, 0, MPOL_BIND, &node, BITS, 0)));
}

PROBE(mbind__errors__hole)
{
	char *at = anon(3, 'k');

	call(munmap, at + pages(1), pages(1));
	saw("all_hole", bound(at + pages(1), 1, MPOL_BIND, 1, 0));
	saw("hole_inside", bound(at, 3, MPOL_BIND, 1, 0));
	saw("hole_last", bound(at, 2, MPOL_BIND, 1, 0));
	saw("hole_first", bound(at + pages(1), 2, MPOL_BIND, 1, 0));
	saw("default_hole", bound(at, 3, MPOL_DEFAULT, 0, 0));
}

PROBE(mbind__errors__flags)
{
	char *at = anon(1, 'k');

	saw("lazy", bound(at, 1, MPOL_BIND, 1, 1 << 3));
	saw("bit_4", bound(at, 1, MPOL_BIND, 1, 1 << 4));
	saw("bit_5", bound(at, 1, MPOL_BIND, 1, 1 << 5));
}

PROBE(mbind__errors__modes)
{
	char *at = anon(1, 'k');

	saw("default_nodes", bound(at, 1, MPOL_DEFAULT, 1, 0));
	saw("bind_none", bound(at, 1, MPOL_BIND, 0, 0));
	saw("unknown", bound(at, 1, 7, 1, 0));
	saw("offline", bound(at, 1, MPOL_BIND, 1UL << 9, 0));
	saw("balancing", bound(at, 1, MPOL_BIND | 1 << 13, 1, 0));
}

PROBE(mbind__errors__sealed)
{
	char *at = anon(1, 'k');

	saw("mseal", outcome(call(mseal, at, pages(1), 0)));
	saw("mbind", bound(at, 1, MPOL_BIND, 1, 0));
}
