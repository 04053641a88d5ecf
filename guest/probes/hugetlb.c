#include <string.h>
#include "place.h"
#include "newer.h"
#include <linux/shm.h>

enum { POOL = 16 };

static long pool(const char *key)
{
	return proc_number("/proc/meminfo", key);
}

static char *place_for(long n)
{
	static char *next;

	if (!next)
		next = (char *)(((uintptr_t)space((long)(64 * huge_size() / page_size)) + huge_size() - 1) &
				~(huge_size() - 1));
	next += (size_t)n * huge_size();
	return next - (size_t)n * huge_size();
}

static long map_huge(long n, int flags)
{
	return call(mmap, place_for(n), (size_t)n * huge_size(), RW, MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);
}

/* Touches n huge pages: how many it could before the first fault, and that fault */
static const char *touched(char *at, long n)
{
	const char *seen = "ok";
	long i = 0;

	for (; i < n; i++) {
		seen = poke(at + (size_t)i * huge_size(), 'h');
		if (strcmp(seen, "ok") != 0)
			break;
	}
	return textf("%ld %s", i, seen);
}

PROBE(hugetlb__reserve__at_mmap)
{
	saw("mmap", outcome(map_huge(3, MAP_PRIVATE)));
	saw("reserved", pool("HugePages_Rsvd"));
	saw("free", pool("HugePages_Free"));
}

PROBE(hugetlb__reserve__at_touch)
{
	char *at = address(map_huge(3, MAP_PRIVATE));

	poke(at, 'h');
	saw("reserved", pool("HugePages_Rsvd"));
	saw("free", pool("HugePages_Free"));
	saw("private_hugetlb", smaps_pages(at, "Private_Hugetlb") / (int)(huge_size() / page_size));
	saw("rss", smaps_pages(at, "Rss"));
	saw("status", proc_number("/proc/self/status", "HugetlbPages") / (long)(huge_size() >> 10));
}

PROBE(hugetlb__reserve__more_than_pool)
{
	saw("private", outcome(map_huge(POOL + 1, MAP_PRIVATE)));
	saw("shared", outcome(map_huge(POOL + 1, MAP_SHARED)));
	saw("reserved", pool("HugePages_Rsvd"));
}

PROBE(hugetlb__reserve__two_mappings)
{
	saw("first", outcome(map_huge(10, MAP_PRIVATE)));
	saw("second", outcome(map_huge(7, MAP_PRIVATE)));
	saw("third", outcome(map_huge(6, MAP_PRIVATE)));
}

PROBE(hugetlb__reserve__noreserve)
{
	long at = map_huge(POOL + 2, MAP_PRIVATE | MAP_NORESERVE);

	saw("mmap", outcome(at));
	saw("reserved", pool("HugePages_Rsvd"));
	saw("touched", touched(address(at), POOL + 2));
}

PROBE(hugetlb__reserve__noreserve_against_reserved)
{
	long at;

	map_huge(10, MAP_PRIVATE);
	at = map_huge(12, MAP_PRIVATE | MAP_NORESERVE);
	saw("touched", touched(address(at), 12));
}

PROBE(hugetlb__reserve__shared_noreserve)
{
	long at = map_huge(POOL + 2, MAP_SHARED | MAP_NORESERVE);

	saw("mmap", outcome(at));
	saw("reserved", pool("HugePages_Rsvd"));
	saw("touched", touched(address(at), POOL + 2));
}

PROBE(hugetlb__reserve__given_back)
{
	char *at = address(map_huge(4, MAP_PRIVATE));

	poke(at, 'h');
	call(munmap, at, 4 * huge_size());
	saw("reserved", pool("HugePages_Rsvd"));
	saw("free", pool("HugePages_Free"));
}

PROBE(hugetlb__reserve__memfd_at_mmap)
{
	int fd = (int)call(memfd_create, "huge", MFD_HUGETLB);

	saw("ftruncate", outcome(call(ftruncate, fd, 2LL * (long long)huge_size())));
	saw("reserved", pool("HugePages_Rsvd"));
	saw("mmap", outcome(call(mmap, place_for(2), 2 * huge_size(), RW, MAP_SHARED, fd, 0)));
	saw("reserved_mapped", pool("HugePages_Rsvd"));
}

PROBE(hugetlb__reserve__segment)
{
	long id;

	call(unshare, 0x08000000 /* CLONE_NEWIPC, linux/sched.h */);
	id = call(shmget, IPC_PRIVATE, 2 * huge_size(), SHM_HUGETLB | IPC_CREAT | 0600);
	saw("shmget", outcome(id));
	saw("reserved", pool("HugePages_Rsvd"));
	call(shmctl, id, IPC_RMID, NOWHERE);
	saw("after_rmid", pool("HugePages_Rsvd"));
}

PROBE(hugetlb__reserve__private_of_memfd)
{
	int fd = (int)call(memfd_create, "huge", MFD_HUGETLB);
	char *at;

	call(ftruncate, fd, (long long)huge_size());
	at = address(call(mmap, place_for(1), huge_size(), RW, MAP_PRIVATE, fd, 0));
	saw("reserved", pool("HugePages_Rsvd"));
	saw("read", peek(at));
	saw("free", pool("HugePages_Free"));
	saw("write", poke(at, 'w'));
	saw("free_written", pool("HugePages_Free"));
}

PROBE(hugetlb__pool__counters)
{
	saw("total", pool("HugePages_Total"));
	saw("free", pool("HugePages_Free"));
	saw("reserved", pool("HugePages_Rsvd"));
	saw("surplus", pool("HugePages_Surp"));
	saw("all_kilobytes", pool("Hugetlb") / (long)(huge_size() >> 10));
}

PROBE(hugetlb__pool__shrink)
{
	saw("set", try_knob("/proc/sys/vm/nr_hugepages", "4"));
	saw("total", pool("HugePages_Total"));
}

PROBE(hugetlb__pool__shrink_in_use)
{
	char *at = address(map_huge(3, MAP_PRIVATE));

	touched(at, 3);
	saw("set", try_knob("/proc/sys/vm/nr_hugepages", "1"));
	saw("total", pool("HugePages_Total"));
	saw("surplus", pool("HugePages_Surp"));
	call(munmap, at, 3 * huge_size());
	saw("after", pool("HugePages_Total"));
}

PROBE(hugetlb__pool__shrink_reserved)
{
	map_huge(3, MAP_PRIVATE);
	saw("set", try_knob("/proc/sys/vm/nr_hugepages", "1"));
	saw("total", pool("HugePages_Total"));
	saw("surplus", pool("HugePages_Surp"));
}

PROBE(hugetlb__pool__overcommit)
{
	long at;

	if (strcmp(try_knob("/proc/sys/vm/nr_overcommit_hugepages", "2"), "ok") != 0)
		unmet("the kernel gives no huge page of this size beyond its pool");
	at = map_huge(POOL + 2, MAP_PRIVATE);
	saw("mmap", outcome(at));
	saw("surplus", pool("HugePages_Surp"));
	call(munmap, address(at), (POOL + 2) * huge_size());
	saw("surplus_after", pool("HugePages_Surp"));
}

PROBE(hugetlb__pool__overcommit_too_many)
{
	if (strcmp(try_knob("/proc/sys/vm/nr_overcommit_hugepages", "2"), "ok") != 0)
		unmet("the kernel gives no huge page of this size beyond its pool");
	saw("mmap", outcome(map_huge(POOL + 3, MAP_PRIVATE)));
	saw("surplus", pool("HugePages_Surp"));
}

PROBE(hugetlb__pool__values)
{
	saw("negative", try_knob("/proc/sys/vm/nr_hugepages", "-1"));
	saw("word", try_knob("/proc/sys/vm/nr_hugepages", "many"));
	saw("overcommit_negative", try_knob("/proc/sys/vm/nr_overcommit_hugepages", "-1"));
	saw("total", pool("HugePages_Total"));
}

PROBE(hugetlb__pool__files)
{
	static const char *const keys[] = {"nr_hugepages", "nr_hugepages_mempolicy", "nr_overcommit_hugepages",
		"free_hugepages", "resv_hugepages", "surplus_hugepages", "demote", "demote_size"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		saw(keys[i],
			file_word(textf("/sys/kernel/mm/hugepages/hugepages-%zukB/%s", huge_size() >> 10, keys[i])));
}

PROBE(hugetlb__pool__knobs)
{
	saw("optimize_vmemmap", knob("/proc/sys/vm/hugetlb_optimize_vmemmap"));
	saw("shm_group", knob("/proc/sys/vm/hugetlb_shm_group"));
	saw("treat_as_movable", knob("/proc/sys/vm/hugepages_treat_as_movable"));
	saw("by_mempolicy", knob("/proc/sys/vm/nr_hugepages_mempolicy"));
}

PROBE(hugetlb__zero_filled__after_use)
{
	char *at = address(map_huge(POOL, MAP_PRIVATE));

	touched(at, POOL);
	call(munmap, at, POOL * huge_size());
	at = address(map_huge(1, MAP_PRIVATE));
	saw("contents", peek(at));
}
