#include "place.h"
#include "newer.h"

enum { BITS = 8 * sizeof(unsigned long), F_BALANCING = 1 << 13 };

/* What get_mempolicy says of the process: "mode nodes" */
static const char *policy(void)
{
	static unsigned long nodes[64];
	int mode = -1;
	long result = call(get_mempolicy, &mode, nodes, 64 * BITS, NOWHERE, 0);

	return failed(result) ? outcome(result) : textf("%#x:%#lx", mode, nodes[0]);
}

static const char *set(int mode, unsigned long nodes)
{
	return outcome(set_policy(mode, nodes));
}

PROBE(set_mempolicy__modes__default_at_first)
{
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__bind)
{
	saw("set", set(MPOL_BIND, 1));
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__interleave)
{
	saw("set", set(MPOL_INTERLEAVE, 1));
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__preferred)
{
	saw("set", set(MPOL_PREFERRED, 1));
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__preferred_none)
{
	saw("set", set(MPOL_PREFERRED, 0));
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__local)
{
	saw("set", set(MPOL_LOCAL, 0));
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__preferred_many)
{
	saw("set", set(MPOL_PREFERRED_MANY, 1));
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__weighted_interleave)
{
	saw("set", set(MPOL_WEIGHTED_INTERLEAVE, 1));
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__unknown)
{
	saw("mode_7", set(7, 1));
	saw("mode_8", set(8, 1));
	saw("mode_100", set(100, 1));
	saw("negative", set(-1, 1));
}

PROBE(set_mempolicy__modes__back_to_default)
{
	set(MPOL_BIND, 1);
	saw("set", set(MPOL_DEFAULT, 0));
	saw("policy", policy());
}

PROBE(set_mempolicy__modes__inherited)
{
	set(MPOL_BIND, 1);
	in_child
		saw("child", policy());
}

PROBE(set_mempolicy__modes__child_keeps_own)
{
	set(MPOL_BIND, 1);
	in_child
		set(MPOL_DEFAULT, 0);
	saw("parent", policy());
}

PROBE(set_mempolicy__nodes__default_with_nodes)
{
	saw("set", set(MPOL_DEFAULT, 1));
}

PROBE(set_mempolicy__nodes__without_nodes)
{
	saw("bind", set(MPOL_BIND, 0));
	saw("interleave", set(MPOL_INTERLEAVE, 0));
	saw("preferred_many", set(MPOL_PREFERRED_MANY, 0));
	saw("weighted", set(MPOL_WEIGHTED_INTERLEAVE, 0));
}

PROBE(set_mempolicy__nodes__local_with_nodes)
{
	saw("set", set(MPOL_LOCAL, 1));
}

PROBE(set_mempolicy__nodes__node_not_there)
{
	saw("bind", set(MPOL_BIND, 1UL << 9));
	saw("interleave", set(MPOL_INTERLEAVE, 1UL << 9));
	saw("preferred", set(MPOL_PREFERRED, 1UL << 9));
}

PROBE(set_mempolicy__nodes__some_not_there)
{
	saw("bind", set(MPOL_BIND, 1 | 1UL << 9));
	saw("policy", policy());
}

PROBE(set_mempolicy__nodes__null_mask)
{
	saw("default", outcome(call(set_mempolicy, MPOL_DEFAULT, NOWHERE, 0)));
	saw("bind", outcome(call(set_mempolicy, MPOL_BIND, NOWHERE, 0)));
	saw("preferred", outcome(call(set_mempolicy, MPOL_PREFERRED, NOWHERE, 0)));
	saw("with_size", outcome(call(set_mempolicy, MPOL_BIND, NOWHERE, BITS)));
}

PROBE(set_mempolicy__nodes__sizes)
{
	unsigned long nodes[1024] = {1};

	saw("one_bit", outcome(call(set_mempolicy, MPOL_BIND, nodes, 1)));
	saw("two_bits", outcome(call(set_mempolicy, MPOL_BIND, nodes, 2)));
	saw("page", outcome(call(set_mempolicy, MPOL_BIND, nodes, page_size * 8)));
	saw("beyond_page", outcome(call(set_mempolicy, MPOL_BIND, nodes, page_size * 8 + 2)));
	nodes[32] = 1;
	saw("bit_far_out", outcome(call(set_mempolicy, MPOL_BIND, nodes, 64 * BITS)));
}

PROBE(set_mempolicy__nodes__bad_pointer)
{
	saw("set", outcome(call(set_mempolicy, MPOL_BIND, space(1), BITS)));
}

PROBE(set_mempolicy__mode_flags__static)
{
	saw("set", set(MPOL_BIND | MPOL_F_STATIC_NODES, 1));
	saw("policy", policy());
}

PROBE(set_mempolicy__mode_flags__relative)
{
	saw("set", set(MPOL_BIND | MPOL_F_RELATIVE_NODES, 1));
	saw("policy", policy());
}

PROBE(set_mempolicy__mode_flags__both)
{
	saw("set", set(MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, 1));
}

PROBE(set_mempolicy__mode_flags__with_preferred_none)
{
	saw("static", set(MPOL_PREFERRED | MPOL_F_STATIC_NODES, 0));
	saw("relative", set(MPOL_PREFERRED | MPOL_F_RELATIVE_NODES, 0));
}

PROBE(set_mempolicy__mode_flags__with_local)
{
	saw("static", set(MPOL_LOCAL | MPOL_F_STATIC_NODES, 0));
	saw("relative", set(MPOL_LOCAL | MPOL_F_RELATIVE_NODES, 0));
}

PROBE(set_mempolicy__mode_flags__with_default)
{
	saw("static", set(MPOL_DEFAULT | MPOL_F_STATIC_NODES, 0));
}

PROBE(set_mempolicy__mode_flags__balancing_bind)
{
	saw("set", set(MPOL_BIND | F_BALANCING, 1));
	saw("policy", policy());
}

PROBE(set_mempolicy__mode_flags__balancing_preferred_many)
{
	saw("set", set(MPOL_PREFERRED_MANY | F_BALANCING, 1));
}

PROBE(set_mempolicy__mode_flags__balancing_others)
{
	saw("interleave", set(MPOL_INTERLEAVE | F_BALANCING, 1));
	saw("preferred", set(MPOL_PREFERRED | F_BALANCING, 1));
	saw("local", set(MPOL_LOCAL | F_BALANCING, 0));
}

PROBE(set_mempolicy__mode_flags__unknown_bits)
{
	saw("bit_8", set(MPOL_BIND | 1 << 8, 1));
	saw("bit_12", set(MPOL_BIND | 1 << 12, 1));
	saw("bit_16", set(MPOL_BIND | 1 << 16, 1));
}
