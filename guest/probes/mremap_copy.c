/* mremap with an old length of 0: a second mapping of the same pages. */
#include <linux/shm.h>
#include "probe.h"

static char *copied;

static const char *copy(char *at, long n, int flags)
{
	copied = address(call(mremap, at, 0, pages(n), flags));
	return failed(copied) ? outcome(copied) : copied == at ? "same" : "moved";
}

PROBE(mremap__copy_shared_mapping__anonymous)
{
	char *at = shared_anon(2, 'k');

	saw("mremap", copy(at, 2, MREMAP_MAYMOVE));
	saw("content", contents(copied, 2));
	poke(at, 'w');
	saw("through_copy", peek(copied));
	saw("old", contents(at, 2));
}

static void see_file_copied(int fd)
{
	saw("mremap", copy(mapped(fd, 2, RW, MAP_SHARED), 2, MREMAP_MAYMOVE));
	saw("content", contents(copied, 2));
	poke(copied, 'w');
	saw("file", file_byte(fd, 0));
}

PROBE(mremap__copy_shared_mapping__file)
{
	see_file_copied(scratch_file(2, 'a'));
}

PROBE(mremap__copy_shared_mapping__dax)
{
	see_file_copied(dax_file(2, 'a'));
}

PROBE(mremap__copy_shared_mapping__memfd)
{
	int fd = memfd("memory", 2, 'a', 0);
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("mremap", copy(at, 2, MREMAP_MAYMOVE));
	call(munmap, at, pages(2));
	call(close, fd);
	saw("content", contents(copied, 2));
}

PROBE(mremap__copy_shared_mapping__from_the_middle)
{
	char *at = mapped(scratch_file(4, 'a'), 4, RW, MAP_SHARED);

	saw("mremap", copy(at + pages(1), 3, MREMAP_MAYMOVE));
	saw("content", contents(copied, 3));
}

PROBE(mremap__copy_shared_mapping__longer_than_object)
{
	saw("mremap", copy(shared_anon(2, 'k'), 4, MREMAP_MAYMOVE));
	saw("content", contents(copied, 4));
	saw("pages", mapping_pages(copied));
}

PROBE(mremap__copy_shared_mapping__fixed)
{
	char *at = shared_anon(2, 'k'), *to = space(2);
	char *got = address(call(mremap, at, 0, pages(2), MREMAP_MAYMOVE | MREMAP_FIXED, to));

	saw("mremap", failed(got) ? outcome(got) : got == to ? "there" : "elsewhere");
	saw("content", contents(to, 2));
}

PROBE(mremap__copy_shared_mapping__without_maymove)
{
	saw("mremap", copy(shared_anon(2, 'k'), 2, 0));
}

PROBE(mremap__copy_shared_mapping__private_anonymous)
{
	saw("mremap", copy(anon(2, 'k'), 2, MREMAP_MAYMOVE));
}

PROBE(mremap__copy_shared_mapping__private_file)
{
	saw("mremap", copy(mapped(scratch_file(2, 'a'), 2, RW, MAP_PRIVATE), 2, MREMAP_MAYMOVE));
}

PROBE(mremap__copy_shared_mapping__unmapped)
{
	saw("mremap", copy(space(2), 2, MREMAP_MAYMOVE));
}

PROBE(mremap__copy_shared_mapping__dontunmap)
{
	saw("mremap", copy(shared_anon(2, 'k'), 2, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
}

PROBE(mremap__copy_shared_mapping__read_only)
{
	saw("mremap", copy(mapped(scratch_file(2, 'a'), 2, PROT_READ, MAP_SHARED), 2, MREMAP_MAYMOVE));
	saw("protection", protection(copied));
}

PROBE(mremap__copy_shared_mapping__locked)
{
	saw("mremap", copy(anon_with(2, 'k', RW, MAP_SHARED | MAP_LOCKED), 2, MREMAP_MAYMOVE));
	saw("flag", vm_flag(copied, "lo"));
	saw("locked", proc_number("/proc/self/status", "VmLck") * 1024 / (long)page_size);
}

PROBE(mremap__copy_shared_mapping__shm_segment)
{
	int id = shm_segment(2, 0);
	char *at = shm_attached(id, 0);
	struct shmid64_ds segment = {0};

	fill(at, 2, 'k');
	saw("mremap", copy(at, 2, MREMAP_MAYMOVE));
	saw("content", contents(copied, 2));
	call(shmctl, id, IPC_STAT, &segment);
	saw("attached", segment.shm_nattch);
}

PROBE(mremap__copy_shared_mapping__hugetlb)
{
	saw("mremap", copy(huge(1, 'k', MAP_SHARED), (long)(huge_size() / page_size), MREMAP_MAYMOVE));
}
