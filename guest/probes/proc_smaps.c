#include "probe.h"

/* Whether smaps or status has the keys: a word each. */
static void keys_of(const char *path, const char *const keys[])
{
	for (int i = 0; keys[i]; i++) {
		char word[40];
		int n = 0;

		for (const char *c = keys[i]; *c && n < 39; c++)
			word[n++] = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
		word[n] = '\0';
		saw(word, file_has(path, textf("%s:", keys[i])));
	}
}

PROBE(proc_smaps__keys__smaps)
{
	static const char *const keys[] = {"Size", "KernelPageSize", "MMUPageSize", "Rss", "Pss", "Pss_Dirty",
		"Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced", "Anonymous", "KSM",
		"LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb",
		"Swap", "SwapPss", "Locked", "THPeligible", "ProtectionKey", "VmFlags", "VmHugePages", "KernelStack",
		NULL};

	keys_of("/proc/self/smaps", keys);
}

PROBE(proc_smaps__keys__rollup)
{
	static const char *const keys[] = {"Rss", "Pss", "Pss_Dirty", "Pss_Anon", "Pss_File", "Pss_Shmem", "KSM",
		"Anonymous", "LazyFree", "AnonHugePages", "Swap", "SwapPss", "Locked", "VmFlags", NULL};

	saw("named", file_has("/proc/self/smaps_rollup", "[rollup]"));
	keys_of("/proc/self/smaps_rollup", keys);
}

PROBE(proc_smaps__vm_flags__kinds)
{
	saw("anonymous", vm_flags(anon(1, 'k')));
	saw("untouched", vm_flags(anon(1, 0)));
	saw("shared", vm_flags(shared_anon(1, 'k')));
	saw("inaccessible", vm_flags(anon_with(1, 0, PROT_NONE, MAP_PRIVATE)));
	saw("read_only", vm_flags(anon_with(1, 0, PROT_READ, MAP_PRIVATE)));
	saw("executable", vm_flags(anon_with(1, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE)));
	saw("noreserve", vm_flags(anon_with(1, 0, RW, MAP_PRIVATE | MAP_NORESERVE)));
	saw("growing", vm_flags(anon_with(1, 0, RW, MAP_PRIVATE | MAP_GROWSDOWN)));
	saw("stack_flag", vm_flags(anon_with(1, 0, RW, MAP_PRIVATE | MAP_STACK)));
	saw("locked", vm_flags(anon_with(1, 0, RW, MAP_PRIVATE | MAP_LOCKED)));
	saw("file_private", vm_flags(mapped(scratch_file(1, 'a'), 1, RW, MAP_PRIVATE)));
	saw("file_shared", vm_flags(mapped(scratch_file(1, 'a'), 1, RW, MAP_SHARED)));
}

PROBE(proc_smaps__vm_flags__special)
{
	volatile char here = 0;
	static char data[8192] = {1};

	saw("stack", vm_flags((char *)(uintptr_t)&here));
	saw("data", vm_flags(data + 4096));
	saw("sealed_vdso", file_has("/proc/self/smaps", "VmFlags: rd ex mr mw me de sl"));
}

PROBE(proc_smaps__vm_flags__advised)
{
	char *at[8];

	for (int i = 0; i < 8; i++)
		at[i] = anon(1, 'k');
	call(madvise, at[0], pages(1), MADV_DONTDUMP);
	call(madvise, at[1], pages(1), MADV_DONTFORK);
	call(madvise, at[2], pages(1), MADV_WIPEONFORK);
	call(madvise, at[3], pages(1), MADV_SEQUENTIAL);
	call(madvise, at[4], pages(1), MADV_RANDOM);
	call(madvise, at[5], pages(1), MADV_NOHUGEPAGE);
	call(mlock2, at[6], pages(1), MLOCK_ONFAULT);
	call(mseal, at[7], pages(1), 0);
	saw("dontdump", vm_flag(at[0], "dd"));
	saw("dontfork", vm_flag(at[1], "dc"));
	saw("wipe", vm_flag(at[2], "wf"));
	saw("sequential", vm_flag(at[3], "sr"));
	saw("random", vm_flag(at[4], "rr"));
	saw("nohuge", vm_flag(at[5], "nh"));
	saw("on_fault", vm_flags(at[6]));
	saw("sealed", vm_flag(at[7], "sl"));
}

PROBE(proc_smaps__vm_flags__guarded)
{
	char *at = anon(2, 'k');

	saw("madvise", outcome(call(madvise, at, pages(1), MADV_GUARD_INSTALL)));
	saw("guard", vm_flag(at, "gu"));
	saw("contents", contents(at, 2));
}

PROBE(proc_smaps__figures__states)
{
	char *at = anon(4, 0);

	poke_pages(at, 3, 'k');
	saw("size", smaps_pages(at, "Size"));
	saw("rss", smaps_pages(at, "Rss"));
	saw("pss", smaps_pages(at, "Pss"));
	saw("anonymous", smaps_pages(at, "Anonymous"));
	saw("private_dirty", smaps_pages(at, "Private_Dirty"));
	saw("referenced", smaps_pages(at, "Referenced"));
}

PROBE(proc_smaps__figures__shared_with_child)
{
	char *at = anon(4, 'k');

	in_child {
		saw("pss", smaps_pages(at, "Pss"));
		saw("shared", smaps_pages(at, "Shared_Dirty"));
	}
}

PROBE(proc_smaps__figures__locked)
{
	char *at = anon(4, 0);

	poke_pages(at, 3, 'k');
	call(mlock2, at, pages(4), MLOCK_ONFAULT);
	saw("locked", smaps_pages(at, "Locked"));
}

PROBE(proc_smaps__figures__lazy_free)
{
	char *at = anon(4, 'k');

	drop_caches(); /* pages just taken wait in a list of the CPU, where they cannot be marked */
	call(madvise, at, pages(4), MADV_FREE);
	drop_caches();
	saw("lazy", smaps_pages(at, "LazyFree"));
}

PROBE(proc_smaps__figures__thp_eligible)
{
	thp("always");
	saw("large", smaps_number(anon(1024, 0), "THPeligible"));
	saw("small", smaps_number(anon(4, 0), "THPeligible"));
	saw("shared", smaps_number(shared_anon(1024, 0), "THPeligible"));
	saw("file", smaps_number(mapped(scratch_file(1024, 0), 1024, RW, MAP_SHARED), "THPeligible"));
	saw("stack_flag", smaps_number(anon_with(1024, 0, RW, MAP_PRIVATE | MAP_STACK), "THPeligible"));
	saw("private_file", smaps_number(mapped(scratch_file(1024, 0), 1024, RW, MAP_PRIVATE), "THPeligible"));
	thp("never");
	saw("never", smaps_number(anon(1024, 0), "THPeligible"));
}

PROBE(proc_status__keys__keys)
{
	static const char *const keys[] = {"VmPeak", "VmSize", "VmLck", "VmPin", "VmHWM", "VmRSS", "RssAnon", "RssFile",
		"RssShmem", "VmData", "VmStk", "VmExe", "VmLib", "VmPTE", "VmPMD", "VmSwap", "HugetlbPages",
		"CoreDumping", "THP_enabled", "untag_mask", "Kthread", "SigQ", "Cpus_allowed", "Mems_allowed",
		"x86_Thread_features", "Speculation_Store_Bypass", "SpeculationIndirectBranch", "NStgid", NULL};

	keys_of("/proc/self/status", keys);
}

PROBE(proc_status__keys__sizes)
{
	long size = proc_number("/proc/self/status", "VmSize"), data = proc_number("/proc/self/status", "VmData"),
	     stack = proc_number("/proc/self/status", "VmStk"), kb = (long)page_size / 1024;
	char *at = anon(40, 0);

	saw("size", (proc_number("/proc/self/status", "VmSize") - size) / kb);
	saw("data", (proc_number("/proc/self/status", "VmData") - data) / kb);
	saw("stack", (proc_number("/proc/self/status", "VmStk") - stack) / kb);
	call(mlock2, at, pages(40), MLOCK_ONFAULT);
	saw("locked", proc_number("/proc/self/status", "VmLck") / kb);
}

PROBE(proc_status__keys__other_kinds)
{
	long kb = (long)page_size / 1024, data, stack;

	data = proc_number("/proc/self/status", "VmData");
	stack = proc_number("/proc/self/status", "VmStk");
	anon_with(40, 0, RW, MAP_PRIVATE | MAP_GROWSDOWN);
	saw("growing_data", (proc_number("/proc/self/status", "VmData") - data) / kb);
	saw("growing_stack", (proc_number("/proc/self/status", "VmStk") - stack) / kb);
	data = proc_number("/proc/self/status", "VmData");
	shared_anon(40, 0);
	saw("shared_data", (proc_number("/proc/self/status", "VmData") - data) / kb);
	anon_with(40, 0, PROT_READ, MAP_PRIVATE);
	saw("read_only_data", (proc_number("/proc/self/status", "VmData") - data) / kb);
}

PROBE(proc_status__keys__resident)
{
	long before = proc_number("/proc/self/status", "RssAnon"), after, wanted = 750 * (long)page_size / 1024;
	long shared = proc_number("/proc/self/status", "RssShmem");

	poke_pages(anon(1000, 0), 1000, 'k');
	after = proc_number("/proc/self/status", "RssAnon");
	saw("anonymous", yes(after - before > wanted));
	poke_pages(shared_anon(1000, 0), 1000, 'k');
	saw("shared", yes(proc_number("/proc/self/status", "RssShmem") - shared > wanted));
}

PROBE(proc_status__keys__huge_pages)
{
	long before = proc_number("/proc/self/status", "HugetlbPages");

	huge(1, 'h', MAP_PRIVATE);
	saw("huge", (proc_number("/proc/self/status", "HugetlbPages") - before) / (long)(huge_size() >> 10));
}
