#include "place.h"
#include "newer.h"

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

static const char *home(void *at, long n, int node, int flags)
{
	return outcome(call(set_mempolicy_home_node, at, pages(n), node, flags));
}

PROBE(set_mempolicy_home_node__home__bound_mapping)
{
	char *at = anon(1, 'k');

	bound(at, 1, MPOL_BIND, 1, 0);
	saw("home", home(at, 1, 0, 0));
}

PROBE(set_mempolicy_home_node__home__other_policies)
{
	char *at = anon(1, 'k');

	saw("default", home(at, 1, 0, 0));
	bound(at, 1, MPOL_PREFERRED_MANY, 1, 0);
	saw("preferred_many", home(at, 1, 0, 0));
	bound(at, 1, MPOL_INTERLEAVE, 1, 0);
	saw("interleave", home(at, 1, 0, 0));
	bound(at, 1, MPOL_PREFERRED, 1, 0);
	saw("preferred", home(at, 1, 0, 0));
}

PROBE(set_mempolicy_home_node__home__refused)
{
	char *at = anon(1, 'k');

	bound(at, 1, MPOL_BIND, 1, 0);
	saw("offline", home(at, 1, 9, 0));
	saw("negative", home(at, 1, -1, 0));
	saw("flags", home(at, 1, 0, 1));
	saw("unaligned", home(at + 1, 1, 0, 0));
	saw("empty", home(at, 0, 0, 0));
	saw("hole", home(space(1), 1, 0, 0));
}

PROBE(set_mempolicy_home_node__home__decides)
{
	on_cpu(0);
	char *at = anon(4, 0);

	bound(at, 4, MPOL_BIND, 3, 0);
	saw("home", home(at, 4, 1, 0));
	if (strcmp(home(at, 4, 1, 0), "ok") != 0)
		return;
	fill(at, 4, 'k');
	saw("on_node_1", on_node_1(at, 4));
}
