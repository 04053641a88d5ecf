#include "place.h"
#include "newer.h"

enum { BITS = 8 * sizeof(unsigned long) };

static const char *set(int mode, unsigned long nodes)
{
	return outcome(set_policy(mode, nodes));
}

PROBE(get_mempolicy__flags__allowed)
{
	on_cpu(0);
	unsigned long nodes[64] = {0};

	saw("call", outcome(call(get_mempolicy, NOWHERE, nodes, 64 * BITS, NOWHERE, MPOL_F_MEMS_ALLOWED)));
	saw("nodes", (long)nodes[0]);
}

PROBE(get_mempolicy__flags__allowed_one_node)
{
	unsigned long nodes[64] = {0};

	saw("call", outcome(call(get_mempolicy, NOWHERE, nodes, 64 * BITS, NOWHERE, MPOL_F_MEMS_ALLOWED)));
	saw("node_0", (long)(nodes[0] & 1));
}

PROBE(get_mempolicy__flags__allowed_and_others)
{
	unsigned long nodes[64] = {0};
	char *at = anon(1, 'k');

	saw("node",
		outcome(call(get_mempolicy, NOWHERE, nodes, 64 * BITS, NOWHERE, MPOL_F_MEMS_ALLOWED | MPOL_F_NODE)));
	saw("addr", outcome(call(get_mempolicy, NOWHERE, nodes, 64 * BITS, at, MPOL_F_MEMS_ALLOWED | MPOL_F_ADDR)));
}

PROBE(get_mempolicy__flags__node_of_address)
{
	char *at = anon(1, 0);
	int node = -1;

	saw("call", outcome(call(get_mempolicy, &node, NOWHERE, 0, at, MPOL_F_NODE | MPOL_F_ADDR)));
	saw("node", node);
	saw("present", populated(at, 1));
}

PROBE(get_mempolicy__flags__node_of_no_access)
{
	char *at = anon(1, 'k');
	int node = -1;

	call(mprotect, at, pages(1), PROT_NONE);
	saw("call", outcome(call(get_mempolicy, &node, NOWHERE, 0, at, MPOL_F_NODE | MPOL_F_ADDR)));
}

PROBE(get_mempolicy__flags__policy_of_address)
{
	char *at = anon(1, 'k');
	unsigned long nodes[64] = {0};
	int mode = -1;

	bind_pages(at, 1, MPOL_BIND, 1, 0);
	saw("call", outcome(call(get_mempolicy, &mode, nodes, 64 * BITS, at, MPOL_F_ADDR)));
	saw("mode", mode);
}

PROBE(get_mempolicy__flags__unmapped)
{
	int mode = -1;

	saw("call", outcome(call(get_mempolicy, &mode, NOWHERE, 0, space(1), MPOL_F_ADDR)));
}

PROBE(get_mempolicy__flags__address_without_flag)
{
	int mode = -1;

	saw("call", outcome(call(get_mempolicy, &mode, NOWHERE, 0, anon(1, 'k'), 0)));
}

PROBE(get_mempolicy__flags__node_without_interleave)
{
	int node = -1;

	saw("default", outcome(call(get_mempolicy, &node, NOWHERE, 0, NOWHERE, MPOL_F_NODE)));
	set(MPOL_INTERLEAVE, 1);
	saw("interleave", outcome(call(get_mempolicy, &node, NOWHERE, 0, NOWHERE, MPOL_F_NODE)));
	saw("node", node);
	set(MPOL_WEIGHTED_INTERLEAVE, 1);
	saw("weighted", outcome(call(get_mempolicy, &node, NOWHERE, 0, NOWHERE, MPOL_F_NODE)));
}

PROBE(get_mempolicy__flags__small_mask)
{
	unsigned long nodes[64] = {0};
	int mode = -1;

	saw("one_bit", outcome(call(get_mempolicy, &mode, nodes, 1, NOWHERE, 0)));
	saw("one_word", outcome(call(get_mempolicy, &mode, nodes, BITS, NOWHERE, 0)));
}

PROBE(get_mempolicy__flags__unknown_flags)
{
	int mode = -1;

	saw("bit_3", outcome(call(get_mempolicy, &mode, NOWHERE, 0, NOWHERE, 8)));
}
