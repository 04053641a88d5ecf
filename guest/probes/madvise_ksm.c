#include "settle.h"

#define KSM "/sys/kernel/mm/ksm/"

/* Four scans of everything, then ksmd rests. It scans only while somebody has mergeable pages: two of no one's like. */
static void ksm_scans_all(void)
{
	static char letter = 'A';
	long scans = proc_number(KSM "full_scans", "");

	call(madvise, anon(2, letter), pages(2), MADV_MERGEABLE);
	letter += 2;
	set_knob(KSM "pages_to_scan", "10000");
	set_knob(KSM "sleep_millisecs", "1");
	set_knob(KSM "run", "1");
	if (!reaches(KSM "full_scans", "", scans + 4))
		broken("ksmd does not scan");
	set_knob(KSM "run", "0");
}

/* Unmerging is for the next probe: no page of ours is left shared. */
static void ksm_ends(void)
{
	set_knob(KSM "run", "2");
}

/* Equal pages, not zero: their content is one byte. */
static char *equal_pages(void)
{
	char *at = anon(4, 0);

	for (int i = 0; i < 4; i++)
		memset(at + pages(i), 'e', page_size);
	return at;
}

PROBE(madvise__merge_equal_pages__merged)
{
	char *at = equal_pages();

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_MERGEABLE)));
	saw("flag", vm_flag(at, "mg"));
	ksm_scans_all();
	saw("shared", proc_number(KSM "pages_shared", ""));
	saw("sharing", proc_number(KSM "pages_sharing", ""));
	saw("content", contents(at, 4));
	saw("write", poke(at, 'w'));
	saw("after", contents(at, 4));
	ksm_ends();
}

PROBE(madvise__merge_equal_pages__not_advised)
{
	char *at = equal_pages();

	ksm_scans_all();
	saw("shared", proc_number(KSM "pages_shared", ""));
	saw("content", contents(at, 4));
	ksm_ends();
}

PROBE(madvise__merge_equal_pages__counted_per_process)
{
	char *at = equal_pages();

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_MERGEABLE)));
	ksm_scans_all();
	saw("merging_pages", file_word("/proc/self/ksm_merging_pages"));
	saw("in_smaps", smaps_pages(at, "KSM"));
	saw("stat", file_has("/proc/self/ksm_stat", "ksm_merging_pages"));
	saw("stat_mergeable", file_has("/proc/self/ksm_stat", "ksm_mergeable: yes"));
	ksm_ends();
}

PROBE(madvise__merge_equal_pages__kinds_of_mapping)
{
	char *shared = shared_anon(1, 'k'), *file = mapped(scratch_file(1, 'a'), 1, RW, MAP_PRIVATE);
	char *vvar = mapping_named("[vvar]");

	saw("shared_anonymous", outcome(call(madvise, shared, pages(1), MADV_MERGEABLE)));
	saw("shared_flag", vm_flag(shared, "mg"));
	saw("private_file", outcome(call(madvise, file, pages(1), MADV_MERGEABLE)));
	saw("file_flag", vm_flag(file, "mg"));
	if (!vvar)
		return;
	saw("vvar", outcome(call(madvise, vvar, pages(1), MADV_MERGEABLE)));
	saw("vvar_flag", vm_flag(vvar, "mg"));
}

PROBE(madvise__merge_equal_pages__droppable_mapping)
{
	char *at = address(call(mmap, space(1), pages(1), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("madvise", outcome(call(madvise, at, pages(1), MADV_MERGEABLE)));
	saw("flag", vm_flag(at, "mg"));
}

PROBE(madvise__merge_equal_pages__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("madvise", outcome(call(madvise, at, huge_size(), MADV_MERGEABLE)));
	saw("flag", vm_flag(at, "mg"));
}

PROBE(madvise__merge_equal_pages__child_inherits)
{
	char *at = equal_pages();

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_MERGEABLE)));
	in_child
		saw("child", vm_flag(at, "mg"));
}

PROBE(madvise__unmerge_pages__unmerged)
{
	char *at = equal_pages();

	saw("madvise", outcome(call(madvise, at, pages(4), MADV_MERGEABLE)));
	ksm_scans_all();
	saw("sharing", proc_number(KSM "pages_sharing", ""));
	saw("unmerge", outcome(call(madvise, at, pages(4), MADV_UNMERGEABLE)));
	saw("flag", vm_flag(at, "mg"));
	ksm_scans_all();
	saw("now_sharing", proc_number(KSM "pages_sharing", ""));
	saw("content", contents(at, 4));
	ksm_ends();
}

PROBE(madvise__unmerge_pages__never_merged)
{
	char *at = anon(1, 'k');

	saw("unmerge", outcome(call(madvise, at, pages(1), MADV_UNMERGEABLE)));
	saw("content", contents(at, 1));
}

PROBE(madvise__unmerge_pages__zero_pages)
{
	char *at = anon(4, 0);

	for (int i = 0; i < 4; i++) {
		poke(at + pages(i), 'z');
		memset(at + pages(i), 0, page_size);
	}
	saw("use_zero_pages", try_knob(KSM "use_zero_pages", "1"));
	saw("madvise", outcome(call(madvise, at, pages(4), MADV_MERGEABLE)));
	ksm_scans_all();
	saw("merged_rss", smaps_pages(at, "Rss"));
	saw("unmerge", outcome(call(madvise, at, pages(4), MADV_UNMERGEABLE)));
	saw("unmerged_rss", smaps_pages(at, "Rss"));
	ksm_ends();
}
