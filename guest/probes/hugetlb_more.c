#include <string.h>
#include "place.h"
#include "newer.h"
#include <linux/resource.h>
#include <linux/shm.h>

static long pool(const char *key)
{
	return proc_number("/proc/meminfo", key);
}

/* mmap of one huge page of 2^shift bytes, where the pool of that size is empty or there is none */
static const char *of_size(int shift)
{
	long at = call(mmap, NOWHERE, 1UL << shift, RW,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (shift << MAP_HUGE_SHIFT), -1, 0);

	return outcome(at);
}

static const char *memfd_of_size(int shift)
{
	return outcome(call(memfd_create, "huge", MFD_HUGETLB | ((unsigned)shift << MFD_HUGE_SHIFT)));
}

static const char *segment_of_size(int shift)
{
	long id = call(shmget, IPC_PRIVATE, 1UL << shift, SHM_HUGETLB | (shift << SHM_HUGE_SHIFT) | IPC_CREAT | 0600);

	if (!failed(id))
		call(shmctl, id, IPC_RMID, NOWHERE);
	return outcome(id);
}

PROBE(hugetlb__sizes__empty_pools)
{
	saw("default", outcome(call(mmap, NOWHERE, huge_size(), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0)));
	saw("size_2", of_size(1));
	saw("size_16k", of_size(14));
	saw("size_64k", of_size(16));
	saw("size_1m", of_size(20));
	saw("size_2m", of_size(21));
	saw("size_16m", of_size(24));
	saw("size_32m", of_size(25));
	saw("size_1g", of_size(30));
	saw("size_16g", of_size(34));
}

PROBE(hugetlb__sizes__explicit_default)
{
	int shift = __builtin_ctzl(huge_size());

	saw("mmap", of_size(shift));
	saw("memfd", memfd_of_size(shift));
	saw("segment", segment_of_size(shift));
}

PROBE(hugetlb__sizes__memfd)
{
	saw("size_64k", memfd_of_size(16));
	saw("size_2m", memfd_of_size(21));
	saw("size_1g", memfd_of_size(30));
	saw("size_8", memfd_of_size(3));
}

PROBE(hugetlb__sizes__segment)
{
	call(unshare, 0x08000000 /* CLONE_NEWIPC, linux/sched.h */);
	saw("size_64k", segment_of_size(16));
	saw("size_2m", segment_of_size(21));
	saw("size_1g", segment_of_size(30));
	saw("size_8", segment_of_size(3));
}

PROBE(hugetlb__sizes__without_hugetlb_flag)
{
	saw("mmap", outcome(call(mmap, NOWHERE, page_size, RW, MAP_PRIVATE | MAP_ANONYMOUS | (21 << MAP_HUGE_SHIFT), -1,
			    0)));
}

PROBE(hugetlb__sizes__folders)
{
	static const char *const kilobytes[] = {"64", "2048", "32768", "1048576"};

	for (size_t i = 0; i < sizeof(kilobytes) / sizeof(kilobytes[0]); i++) {
		saw(textf("size_%sk", kilobytes[i]),
			file_word(textf("/sys/kernel/mm/hugepages/hugepages-%skB/nr_hugepages", kilobytes[i])));
		saw(textf("demote_%sk", kilobytes[i]),
			file_word(textf("/sys/kernel/mm/hugepages/hugepages-%skB/demote_size", kilobytes[i])));
	}
}

PROBE(hugetlb__fork__child_copies)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	in_child {
		poke(at, 'w');
		saw("child", peek(at));
	}
	saw("parent", peek(at));
}

PROBE(hugetlb__fork__child_without_page)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	set_knob("/proc/sys/vm/nr_hugepages", "1");
	in_child
		saw("child", poke(at, 'w'));
	saw("parent", peek(at));
}

PROBE(hugetlb__fork__parent_without_page)
{
	char *at = huge(1, 'h', MAP_PRIVATE);
	int other;

	set_knob("/proc/sys/vm/nr_hugepages", "1");
	other = other_process();
	saw("parent", poke(at, 'w'));
	saw("contents", peek(at));
	saw("total", pool("HugePages_Total"));
	end_other(other);
}

PROBE(hugetlb__fork__shared)
{
	char *at = huge(1, 'h', MAP_SHARED);

	in_child
		poke(at, 'w');
	saw("parent", peek(at));
}

PROBE(hugetlb__fork__child_reservation)
{
	char *at = huge(file_number("/proc/sys/vm/nr_hugepages"), 0, MAP_PRIVATE);

	in_child
		saw("child", poke(at, 'w'));
	saw("parent", poke(at, 'w'));
}

PROBE(hugetlb__fork__dontfork)
{
	char *at = huge(1, 'h', MAP_PRIVATE);

	call(madvise, at, huge_size(), MADV_DONTFORK);
	in_child
		saw("child", peek(at));
}

PROBE(hugetlb__user__mappings)
{
	in_child {
		become_user();
		saw("mmap", outcome(call(
				    mmap, NOWHERE, huge_size(), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0)));
		saw("memfd", outcome(call(memfd_create, "huge", MFD_HUGETLB)));
	}
}

PROBE(hugetlb__user__segments)
{
	call(unshare, 0x08000000 /* CLONE_NEWIPC, linux/sched.h */);
	in_child {
		set_hard_limit(RLIMIT_MEMLOCK, 0);
		become_user();
		saw("shmget", segment_of_size(__builtin_ctzl(huge_size())));
	}
}

PROBE(hugetlb__user__segments_with_memlock)
{
	call(unshare, 0x08000000 /* CLONE_NEWIPC, linux/sched.h */);
	in_child {
		set_limit(RLIMIT_MEMLOCK, 64 << 20);
		become_user();
		saw("shmget", segment_of_size(__builtin_ctzl(huge_size())));
	}
}

PROBE(hugetlb__user__segments_by_group)
{
	call(unshare, 0x08000000 /* CLONE_NEWIPC, linux/sched.h */);
	set_knob("/proc/sys/vm/hugetlb_shm_group", "65534");
	in_child {
		set_hard_limit(RLIMIT_MEMLOCK, 0);
		become_user();
		saw("shmget", segment_of_size(__builtin_ctzl(huge_size())));
	}
}

PROBE(hugetlb__seen__residency)
{
	char *at = huge(2, 0, MAP_PRIVATE);
	long whole = (long)(huge_size() / page_size);

	poke(at, 'h');
	saw("touched", residency(at, whole < 4096 ? whole : 4096)); /* as many as residency() takes */
	saw("untouched", residency(at + huge_size(), 2));
	saw("present", populated(at, 2));
	saw("present_untouched", populated(at + huge_size(), 2));
}

PROBE(hugetlb__seen__smaps)
{
	char *mine = huge(1, 'h', MAP_PRIVATE), *shared = huge(1, 'h', MAP_SHARED);
	int whole = (int)(huge_size() / page_size);

	saw("ht", vm_flag(mine, "ht"));
	saw("private_of_private", smaps_pages(mine, "Private_Hugetlb") / whole);
	saw("private_of_shared", smaps_pages(shared, "Private_Hugetlb") / whole);
	saw("shared_of_shared", smaps_pages(shared, "Shared_Hugetlb") / whole);
	saw("rss", smaps_pages(mine, "Rss"));
	saw("pss", smaps_pages(mine, "Pss"));
	saw("eligible", smaps_number(mine, "THPeligible"));
	saw("name", mapping_name(shared));
}

PROBE(hugetlb__seen__locked)
{
	char *at = huge(1, 0, MAP_PRIVATE);

	saw("mlock", outcome(call(mlock, at, huge_size())));
	saw("touched", 16 - pool("HugePages_Free"));
	saw("locked", proc_number("/proc/self/status", "VmLck"));
	saw("lo", vm_flag(at, "lo"));
}

PROBE(hugetlb__seen__after_exit)
{
	in_child
		huge(3, 'h', MAP_PRIVATE);
	saw("free", pool("HugePages_Free"));
	saw("reserved", pool("HugePages_Rsvd"));
}

PROBE(hugetlb__seen__proc_mem)
{
	char *at = huge(1, 'h', MAP_PRIVATE), byte[2] = "";
	uintptr_t from[2] = {(uintptr_t)at, 1}, to[2] = {(uintptr_t)byte, 1};

	saw("read", call(process_vm_readv, (int)call(getpid), to, 1, from, 1, 0));
	saw("byte", byte);
}

PROBE(hugetlb__poison__hwpoison)
{
	char *at;

	set_knob("/proc/sys/vm/nr_hugepages", "0"); /* a surplus page leaves the pool as it was */
	if (strcmp(try_knob("/proc/sys/vm/nr_overcommit_hugepages", "1"), "ok") != 0)
		unmet("the kernel gives no huge page of this size beyond its pool");
	at = huge(1, 'h', MAP_PRIVATE);
	in_child /* who poisons gets a signal at once */
		saw("madvise", outcome(call(madvise, at, huge_size(), MADV_HWPOISON)));
	saw("read", peek(at));
	saw("inside", peek(at + page_size));
	saw("total", pool("HugePages_Total"));
}
