/* mmap: what is reserved when a mapping is made: huge pages, and commitment. */
#include <string.h>
#include "probe.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS, HUGETLB = ANONYMOUS | MAP_HUGETLB };

static long pool(const char *key)
{
	return proc_number("/proc/meminfo", key);
}

static long free_before, reserved_before;

static void count_pool(void)
{
	free_before = pool("HugePages_Free");
	reserved_before = pool("HugePages_Rsvd");
}

static void see_pool(void)
{
	saw("reserved", pool("HugePages_Rsvd") - reserved_before);
	saw("taken", free_before - pool("HugePages_Free"));
}

static long map_huge(long n, int flags)
{
	return call(mmap, NOWHERE, (size_t)n * huge_size(), RW, flags | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
}

PROBE(mmap__reserve_hugetlb__reserved)
{
	count_pool();
	saw("mmap", outcome(map_huge(2, MAP_PRIVATE)));
	see_pool();
}

PROBE(mmap__reserve_hugetlb__reserved_shared)
{
	count_pool();
	saw("mmap", outcome(map_huge(2, MAP_SHARED)));
	see_pool();
}

PROBE(mmap__reserve_hugetlb__touch_uses_reservation)
{
	char *at;

	count_pool();
	at = huge(2, 0, MAP_PRIVATE);
	saw("content", peek(at));
	see_pool();
}

PROBE(mmap__reserve_hugetlb__given_back)
{
	char *at;

	count_pool();
	at = huge(2, 0, MAP_PRIVATE);
	poke(at, 'w');
	saw("munmap", outcome(call(munmap, at, 2 * huge_size())));
	see_pool();
}

PROBE(mmap__reserve_hugetlb__beyond_pool)
{
	long free = pool("HugePages_Free");

	saw("one_more", outcome(map_huge(free + 1, MAP_PRIVATE)));
	saw("all", outcome(map_huge(free, MAP_PRIVATE)));
}

PROBE(mmap__reserve_hugetlb__reserved_by_another)
{
	map_huge(pool("HugePages_Free"), MAP_PRIVATE);
	saw("free", yes(pool("HugePages_Free") > 0));
	saw("mmap", outcome(map_huge(1, MAP_PRIVATE)));
}

PROBE(mmap__reserve_hugetlb__no_pool)
{
	long total = pool("HugePages_Total");

	if (total < 0)
		unmet("CONFIG_HUGETLBFS is not set");
	saw("mmap", outcome(map_huge(total + 1, MAP_PRIVATE)));
}

PROBE(mmap__reserve_hugetlb__surplus)
{
	long free = pool("HugePages_Free"), surplus = pool("HugePages_Surp");

	saw("before", outcome(map_huge(free + 1, MAP_PRIVATE)));
	if (strcmp(try_knob("/proc/sys/vm/nr_overcommit_hugepages", "1"), "ok") != 0)
		unmet("the kernel gives no huge page of this size beyond its pool");
	saw("after", outcome(map_huge(free + 1, MAP_PRIVATE)));
	saw("surplus", pool("HugePages_Surp") - surplus);
}

PROBE(mmap__reserve_hugetlb__length_rounded_up)
{
	char *at;

	count_pool();
	at = address(call(mmap, NOWHERE, pages(1), RW, HUGETLB, -1, 0));
	saw("mmap", outcome(at));
	saw("reserved", pool("HugePages_Rsvd") - reserved_before);
	saw("whole", yes(!failed(at) && (size_t)mapping_pages(at) == huge_size() / page_size));
}

PROBE(mmap__reserve_hugetlb__fixed_unaligned)
{
	saw("mmap", outcome(call(mmap, space(1024) + pages(1), huge_size(), RW, HUGETLB | MAP_FIXED, -1, 0)));
}

PROBE(mmap__reserve_hugetlb__hint_unaligned)
{
	unsigned long at = (unsigned long)call(mmap, space(1024) + pages(1), huge_size(), RW, HUGETLB, -1, 0);

	saw("mmap", outcome(at));
	saw("aligned", yes(at % huge_size() == 0));
}

PROBE(mmap__reserve_hugetlb__size_without_pool)
{
	saw("mmap", outcome(call(mmap, NOWHERE, pages(16), RW, HUGETLB | 13 << MAP_HUGE_SHIFT, -1, 0)));
}

PROBE(mmap__reserve_hugetlb__size_named)
{
	int shift = __builtin_ctzl(huge_size());

	count_pool();
	saw("mmap", outcome(call(mmap, NOWHERE, huge_size(), RW, HUGETLB | shift << MAP_HUGE_SHIFT, -1, 0)));
	saw("reserved", pool("HugePages_Rsvd") - reserved_before);
}

PROBE(mmap__reserve_hugetlb__page_size_in_smaps)
{
	char *at = huge(1, 0, MAP_PRIVATE);

	saw("kernel_page", smaps_pages(at, "KernelPageSize") > 1 ? "huge" : "small");
	saw("flag", vm_flag(at, "ht"));
}

PROBE(mmap__reserve_hugetlb__child_without_reservation)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	map_huge(pool("HugePages_Free"), MAP_PRIVATE);
	in_child
		saw("child", poke(at, 'c'));
	saw("parent", peek(at));
}

PROBE(mmap__reserve_hugetlb__memfd)
{
	long fd = call(memfd_create, "huge", MFD_HUGETLB);

	count_pool();
	saw("memfd", outcome(fd));
	saw("mapped", outcome(call(mmap, NOWHERE, huge_size(), RW, MAP_SHARED, fd, 0)));
	saw("reserved", pool("HugePages_Rsvd") - reserved_before);
}

PROBE(mmap__reserve_hugetlb__as_user)
{
	become_user();
	saw("mmap", outcome(map_huge(1, MAP_PRIVATE)));
}

PROBE(mmap__do_not_reserve_on_mmap__hugetlb)
{
	count_pool();
	saw("mmap", outcome(map_huge(2, MAP_PRIVATE | MAP_NORESERVE)));
	saw("reserved", pool("HugePages_Rsvd") - reserved_before);
}

PROBE(mmap__do_not_reserve_on_mmap__hugetlb_beyond_pool)
{
	long free = pool("HugePages_Free");
	char *at = address(map_huge(free + 1, MAP_PRIVATE | MAP_NORESERVE));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("first", poke(at, 'w'));
	for (long i = 1; i < free; i++)
		poke(at + (size_t)i * huge_size(), 'w');
	saw("last", poke(at + (size_t)free * huge_size(), 'w'));
}

PROBE(mmap__do_not_reserve_on_mmap__flag)
{
	saw("with", vm_flag(anon_with(2, 0, RW, MAP_PRIVATE | MAP_NORESERVE), "nr"));
	saw("without", vm_flag(anon(2, 0), "nr"));
}

/* Whether 64 MiB more are committed than before: far more than anything else in the guest could make out. */
static const char *committed_since(long before_kb)
{
	long grown = proc_number("/proc/meminfo", "Committed_AS") - before_kb;

	return yes(grown > 48 << 10);
}

enum { LENGTH = 64 << 20 };

static const char *committed_by(int prot, int flags)
{
	long before = proc_number("/proc/meminfo", "Committed_AS");

	call(mmap, NOWHERE, LENGTH, prot, flags | MAP_ANONYMOUS, -1, 0);
	return committed_since(before);
}

PROBE(mmap__do_not_reserve_on_mmap__committed)
{
	saw("without", committed_by(RW, MAP_PRIVATE));
	saw("with", committed_by(RW, MAP_PRIVATE | MAP_NORESERVE));
}

PROBE(mmap__do_not_reserve_on_mmap__committed_read_only)
{
	long before = proc_number("/proc/meminfo", "Committed_AS");
	long without = call(mmap, NOWHERE, LENGTH, PROT_READ, ANONYMOUS, -1, 0);
	long with = call(mmap, NOWHERE, LENGTH, PROT_READ, ANONYMOUS | MAP_NORESERVE, -1, 0);

	saw("mapped", committed_since(before));
	call(mprotect, with, LENGTH, RW);
	saw("with", committed_since(before));
	call(mprotect, without, LENGTH, RW);
	saw("without", committed_since(before));
}

PROBE(mmap__do_not_reserve_on_mmap__committed_shared)
{
	saw("without", committed_by(RW, MAP_SHARED));
	saw("with", committed_by(RW, MAP_SHARED | MAP_NORESERVE));
}

/* Maps twice as much as there is memory and swap, in one piece. */
static void see_overcommit(const char *mode)
{
	size_t all = (size_t)(proc_number("/proc/meminfo", "MemTotal") + proc_number("/proc/meminfo", "SwapTotal"))
		     << 10;

	set_knob("/proc/sys/vm/overcommit_memory", mode);
	saw("without", outcome(call(mmap, NOWHERE, 2 * all, RW, ANONYMOUS, -1, 0)));
	saw("with", outcome(call(mmap, NOWHERE, 2 * all, RW, ANONYMOUS | MAP_NORESERVE, -1, 0)));
}

PROBE(mmap__do_not_reserve_on_mmap__overcommit_guess)
{
	see_overcommit("0");
}

PROBE(mmap__do_not_reserve_on_mmap__overcommit_always)
{
	see_overcommit("1");
}

PROBE(mmap__do_not_reserve_on_mmap__overcommit_never)
{
	see_overcommit("2");
	saw("flag", vm_flag(anon_with(1, 0, RW, MAP_PRIVATE | MAP_NORESERVE), "nr"));
}

PROBE(mmap__do_not_reserve_on_mmap__written)
{
	char *at = address(call(mmap, space(2), pages(2), RW, ANONYMOUS | MAP_NORESERVE, -1, 0));

	saw("mmap", outcome(at));
	saw("write", poke(at, 'k'));
	poke(at + pages(1), 'l');
	saw("content", contents(at, 2));
}

PROBE(mmap__do_not_reserve_on_mmap__kept_by_mremap)
{
	char *at = anon_with(2, 0, RW, MAP_PRIVATE | MAP_NORESERVE);
	long result = call(mremap, at, pages(2), pages(4), 0);

	saw("mremap", outcome(result));
	saw("flag", vm_flag(at + pages(3), "nr"));
}
