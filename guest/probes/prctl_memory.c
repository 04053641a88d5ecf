#include "probe.h"
#include <linux/capability.h>

#ifndef PR_THP_DISABLE_EXCEPT_ADVISED
#define PR_THP_DISABLE_EXCEPT_ADVISED 2 /* linux/prctl.h */
#endif

static long disable_thp(unsigned long on, unsigned long flags)
{
	return call(prctl, PR_SET_THP_DISABLE, on, flags, 0, 0);
}

/* What a "get" operation without arguments answers: a number or an errno. */
static const char *state_of(int operation)
{
	long now = call(prctl, operation, 0, 0, 0, 0);

	return failed(now) ? outcome(now) : textf("%ld", now);
}

/* Whether a touch of the start of a huge page's worth of memory, advised or not, gets a huge page. */
static const char *gets_huge_page(int advice)
{
	size_t huge = huge_size();
	char *at = space((long)(3 * huge / page_size));

	at += huge - (uintptr_t)at % huge;
	at = address(call(mmap, at, huge, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	if (advice)
		call(madvise, at, huge, advice);
	poke(at, 'h');
	return yes(smaps_pages(at, "AnonHugePages") > 0);
}

PROBE(prctl__set_thp_disable__get)
{
	saw("before", state_of(PR_GET_THP_DISABLE));
	saw("status", (long)proc_number("/proc/self/status", "THP_enabled"));
	saw("set", outcome(disable_thp(1, 0)));
	saw("after", state_of(PR_GET_THP_DISABLE));
	saw("status_after", (long)proc_number("/proc/self/status", "THP_enabled"));
	saw("clear", outcome(disable_thp(0, 0)));
	saw("cleared", state_of(PR_GET_THP_DISABLE));
}

PROBE(prctl__set_thp_disable__except_advised)
{
	saw("set", outcome(disable_thp(1, PR_THP_DISABLE_EXCEPT_ADVISED)));
	saw("after", state_of(PR_GET_THP_DISABLE));
	saw("status", (long)proc_number("/proc/self/status", "THP_enabled"));
	saw("then_all", outcome(disable_thp(1, 0)));
	saw("after_all", state_of(PR_GET_THP_DISABLE));
	saw("clear_with_flag", outcome(disable_thp(0, PR_THP_DISABLE_EXCEPT_ADVISED)));
}

PROBE(prctl__set_thp_disable__arguments)
{
	saw("flag_0", outcome(disable_thp(1, 1)));
	saw("flag_2", outcome(disable_thp(1, 4)));
	saw("fourth", outcome(call(prctl, PR_SET_THP_DISABLE, 1, 0, 1, 0)));
	saw("fifth", outcome(call(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 1)));
	saw("get_second", outcome(call(prctl, PR_GET_THP_DISABLE, 1, 0, 0, 0)));
	saw("two", outcome(disable_thp(2, 0)));
	saw("after", state_of(PR_GET_THP_DISABLE));
}

PROBE(prctl__set_thp_disable__fork_keeps)
{
	saw("set", outcome(disable_thp(1, 0)));
	in_child {
		saw("child", state_of(PR_GET_THP_DISABLE));
		saw("clear", outcome(disable_thp(0, 0)));
	}
	saw("parent", state_of(PR_GET_THP_DISABLE));
}

PROBE(prctl__set_thp_disable__effect)
{
	thp("always");
	saw("before", gets_huge_page(0));
	call(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	saw("plain", gets_huge_page(0));
	saw("advised", gets_huge_page(MADV_HUGEPAGE));
}

PROBE(prctl__set_thp_disable__effect_except_advised)
{
	thp("always");
	saw("set", outcome(disable_thp(1, PR_THP_DISABLE_EXCEPT_ADVISED)));
	saw("plain", gets_huge_page(0));
	saw("advised", gets_huge_page(MADV_HUGEPAGE));
}

PROBE(prctl__set_thp_disable__against_collapse)
{
	size_t huge = huge_size();
	char *at = space((long)(3 * huge / page_size));

	at += huge - (uintptr_t)at % huge;
	at = address(call(mmap, at, huge, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	poke(at, 'h');
	call(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	saw("collapse", outcome(call(madvise, at, huge, MADV_COLLAPSE)));
}

PROBE(prctl__set_memory_merge__get)
{
	saw("before", state_of(PR_GET_MEMORY_MERGE));
	saw("set", outcome(call(prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0)));
	saw("after", state_of(PR_GET_MEMORY_MERGE));
	saw("clear", outcome(call(prctl, PR_SET_MEMORY_MERGE, 0, 0, 0, 0)));
	saw("cleared", state_of(PR_GET_MEMORY_MERGE));
}

PROBE(prctl__set_memory_merge__marks_mappings)
{
	char *before = anon(2, 'k'), *shared = shared_anon(2, 's'), *after;

	saw("set", outcome(call(prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0)));
	after = anon(2, 'k');
	saw("earlier", vm_flag(before, "mg"));
	saw("later", vm_flag(after, "mg"));
	saw("shared", vm_flag(shared, "mg"));
	saw("clear", outcome(call(prctl, PR_SET_MEMORY_MERGE, 0, 0, 0, 0)));
	saw("cleared", vm_flag(before, "mg"));
}

PROBE(prctl__set_memory_merge__fork_and_heap)
{
	char *old = address(call(brk, NULL)), *at = old + (page_size - (uintptr_t)old % page_size) % page_size;

	saw("set", outcome(call(prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0)));
	call(brk, at + pages(3));
	saw("heap", vm_flag(at + pages(1), "mg"));
	in_child {
		saw("child", state_of(PR_GET_MEMORY_MERGE));
		saw("child_later", vm_flag(anon(1, 0), "mg"));
	}
}

PROBE(prctl__set_memory_merge__arguments)
{
	saw("third", outcome(call(prctl, PR_SET_MEMORY_MERGE, 1, 1, 0, 0)));
	saw("fifth", outcome(call(prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 1)));
	saw("two", outcome(call(prctl, PR_SET_MEMORY_MERGE, 2, 0, 0, 0)));
	saw("get_second", outcome(call(prctl, PR_GET_MEMORY_MERGE, 1, 0, 0, 0)));
	saw("get_two", state_of(PR_GET_MEMORY_MERGE));
}

PROBE(prctl__set_memory_merge__permission)
{
	drop_capability(CAP_SYS_RESOURCE);
	saw("root_without_sys_resource", outcome(call(prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0)));
	become_user();
	saw("user", outcome(call(prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0)));
	saw("user_get", outcome(call(prctl, PR_GET_MEMORY_MERGE, 0, 0, 0, 0)));
}

PROBE(prctl__set_memory_merge__in_proc)
{
	saw("set", outcome(call(prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0)));
	saw("ksm_stat", yes(proc_number("/proc/self/ksm_stat", "ksm_rmap_items") >= 0));
	saw("ksm_merge_any", file_has("/proc/self/ksm_stat", "ksm_merge_any: yes"));
	saw("ksm_mergeable", file_has("/proc/self/ksm_stat", "ksm_mergeable: yes"));
	saw("ksm_merging_pages", file_word("/proc/self/ksm_merging_pages"));
}
