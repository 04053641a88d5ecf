#include "probe.h"

static void seen_by_child(char *at, long n)
{
	in_child
		saw("child", contents(at, n));
	saw("parent", contents(at, n));
}

static void seen_by_grandchild(char *at)
{
	in_child
		saw("grandchild", peek(at));
}

static void dontfork(char *at)
{
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_DONTFORK)));
	seen_by_child(at, 2);
}

PROBE(madvise__no_copy_when_fork__anonymous)
{
	dontfork(anon(2, 'k'));
}

PROBE(madvise__no_copy_when_fork__shared_file)
{
	dontfork(mapped(scratch_file(2, 'k'), 2, RW, MAP_SHARED));
}

PROBE(madvise__no_copy_when_fork__signal_of_a_touch)
{
	char *at = anon(1, 'k');

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_DONTFORK)));
	saw("flag", vm_flag(at, "dc"));
	in_child {
		saw("child", peek(at));
		saw("maps", protection(at));
	}
}

PROBE(madvise__no_copy_when_fork__part_of_a_mapping)
{
	char *at = anon(3, 'k');

	saw("madvise", outcome(call(madvise, at + pages(1), pages(1), MADV_DONTFORK)));
	saw("split", mapping_pages(at));
	seen_by_child(at, 3);
}

PROBE(madvise__no_copy_when_fork__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_DONTFORK)));
	in_child
		saw("child", peek(at));
	saw("parent", peek(at));
}

PROBE(madvise__no_copy_when_fork__counts_less_in_the_child)
{
	char *at = anon(64, 'A');
	long before, after = -1;

	saw("madvise", outcome(call(madvise, at, pages(64), MADV_DONTFORK)));
	before = proc_number("/proc/self/status", "VmSize:");
	in_child {
		after = proc_number("/proc/self/status", "VmSize:");
		saw("child_is_smaller_by", (before - after) / (long)(page_size >> 10));
	}
}

static void dofork(char *at)
{
	saw("dontfork", outcome(call(madvise, at, pages(2), MADV_DONTFORK)));
	saw("dofork", outcome(call(madvise, at, pages(2), MADV_DOFORK)));
	saw("flag", vm_flag(at, "dc"));
	seen_by_child(at, 2);
}

PROBE(madvise__copy_when_fork__takes_dontfork_back)
{
	dofork(anon(2, 'k'));
}

PROBE(madvise__copy_when_fork__shared_file)
{
	dofork(mapped(scratch_file(2, 'k'), 2, RW, MAP_SHARED));
}

PROBE(madvise__copy_when_fork__rejoins_the_mapping)
{
	char *at = anon(3, 'k');

	saw("dontfork", outcome(call(madvise, at + pages(1), pages(1), MADV_DONTFORK)));
	saw("split", mapping_pages(at));
	saw("dofork", outcome(call(madvise, at, pages(3), MADV_DOFORK)));
	saw("joined", mapping_pages(at));
	seen_by_child(at, 3);
}

PROBE(madvise__copy_when_fork__nothing_to_take_back)
{
	char *at = anon(2, 'k');

	saw("dofork", outcome(call(madvise, at, pages(2), MADV_DOFORK)));
	seen_by_child(at, 2);
}

static void wipe(char *at)
{
	saw("madvise", outcome(call(madvise, at, pages(2), MADV_WIPEONFORK)));
	seen_by_child(at, 2);
}

PROBE(madvise__no_relink_when_fork__anonymous)
{
	wipe(anon(2, 'k'));
}

PROBE(madvise__no_relink_when_fork__shared_anonymous)
{
	wipe(shared_anon(2, 'k'));
}

PROBE(madvise__no_relink_when_fork__private_file)
{
	wipe(mapped(scratch_file(2, 'k'), 2, RW, MAP_PRIVATE));
}

PROBE(madvise__no_relink_when_fork__shared_file)
{
	wipe(mapped(scratch_file(2, 'k'), 2, RW, MAP_SHARED));
}

PROBE(madvise__no_relink_when_fork__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_WIPEONFORK)));
	in_child
		saw("child", peek(at));
}

PROBE(madvise__no_relink_when_fork__stays_in_the_child)
{
	char *at = anon(1, 'k');

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_WIPEONFORK)));
	in_child {
		saw("flag", vm_flag(at, "wf"));
		poke(at, 'c');
		seen_by_grandchild(at);
		saw("child", peek(at));
	}
	saw("parent", peek(at));
}

PROBE(madvise__no_relink_when_fork__part_of_a_mapping)
{
	char *at = anon(3, 'k');

	saw("madvise", outcome(call(madvise, at + pages(1), pages(1), MADV_WIPEONFORK)));
	seen_by_child(at, 3);
}

PROBE(madvise__no_relink_when_fork__locked)
{
	char *at = anon(2, 'k');

	saw("mlock", outcome(call(mlock, at, pages(2))));
	wipe(at);
}

PROBE(madvise__no_relink_when_fork__droppable_mapping)
{
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("flag", vm_flag(at, "wf"));
	saw("keep", outcome(call(madvise, at, pages(2), MADV_KEEPONFORK)));
	poke_pages(at, 2, 'k');
	in_child
		saw("child", contents(at, 2));
}

static void keep(char *at)
{
	saw("wipe", outcome(call(madvise, at, pages(2), MADV_WIPEONFORK)));
	saw("keep", outcome(call(madvise, at, pages(2), MADV_KEEPONFORK)));
	seen_by_child(at, 2);
}

PROBE(madvise__relink_when_fork__takes_wipe_back)
{
	keep(anon(2, 'k'));
}

PROBE(madvise__relink_when_fork__rejoins_the_mapping)
{
	char *at = anon(3, 'k');

	saw("wipe", outcome(call(madvise, at + pages(1), pages(1), MADV_WIPEONFORK)));
	saw("split", mapping_pages(at));
	saw("keep", outcome(call(madvise, at, pages(3), MADV_KEEPONFORK)));
	saw("joined", mapping_pages(at));
	saw("flag", vm_flag(at + pages(1), "wf"));
}

PROBE(madvise__relink_when_fork__shared_file)
{
	keep(mapped(scratch_file(2, 'k'), 2, RW, MAP_SHARED));
}

PROBE(madvise__relink_when_fork__in_the_child)
{
	char *at = anon(1, 'k');

	saw("wipe", outcome(call(madvise, at, pages(1), MADV_WIPEONFORK)));
	in_child {
		saw("keep", outcome(call(madvise, at, pages(1), MADV_KEEPONFORK)));
		poke(at, 'c');
		seen_by_grandchild(at);
	}
	in_child
		saw("second_child", peek(at));
}
