/* mremap: to another place. */
#include <linux/resource.h>
#include "probe.h"

static char *result;

/* mremap with MREMAP_MAYMOVE; where the mapping is now is in `result`. */
static const char *move(char *at, long old, long new)
{
	result = address(call(mremap, at, pages(old), pages(new), MREMAP_MAYMOVE));
	return failed(result) ? outcome(result) : result == at ? "same" : "moved";
}

/* Three pages, of which the third has another protection, so that there is no space behind the second. */
static char *blocked(char *at)
{
	call(mprotect, at + pages(2), pages(1), PROT_READ);
	return at;
}

/* A file mapping with another page right behind it. */
static char *blocked_file(int fd, int flags)
{
	char *at = space(3);

	call(mmap, at, pages(2), RW, flags, fd, 0);
	call(mmap, at + pages(2), pages(1), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at;
}

PROBE(mremap__move_mapping__moved)
{
	char *at = blocked(anon(3, 'k'));

	saw("mremap", move(at, 2, 4));
	saw("content", contents(result, 4));
	saw("old", contents(at, 3));
	saw("pages", mapping_pages(result));
}

PROBE(mremap__move_mapping__space_behind)
{
	saw("mremap", move(anon(2, 'k'), 2, 4));
	saw("content", contents(result, 4));
}

PROBE(mremap__move_mapping__without_maymove)
{
	char *at = blocked(anon(3, 'k'));

	saw("mremap", outcome(call(mremap, at, pages(2), pages(4), 0)));
	saw("content", contents(at, 3));
}

PROBE(mremap__move_mapping__same_pages)
{
	char *at = blocked(anon(3, 'k'));
	unsigned long frame = frame_of(at);

	saw("mremap", move(at, 2, 4));
	saw("frame", frame_of(result) == frame ? "same" : "other");
}

PROBE(mremap__move_mapping__file_shared)
{
	int fd = scratch_file(4, 'a');

	saw("mremap", move(blocked_file(fd, MAP_SHARED), 2, 4));
	saw("content", contents(result, 4));
	poke(result + pages(3), 'w');
	saw("file", file_byte(fd, pages(3)));
}

PROBE(mremap__move_mapping__file_private)
{
	int fd = scratch_file(4, 'a');
	char *at = blocked_file(fd, MAP_PRIVATE);

	poke(at, 'w');
	saw("mremap", move(at, 2, 4));
	saw("content", contents(result, 4));
	saw("file", file_byte(fd, 0));
}

PROBE(mremap__move_mapping__shared_with_child)
{
	char *at = shared_anon(3, 'k');

	in_child {
		in_child {
			call(mprotect, at + pages(2), pages(1), PROT_READ);
			saw("mremap", move(at, 2, 4));
			poke(result, 'c');
		}
		saw("parent", peek(at));
	}
}

PROBE(mremap__move_mapping__part)
{
	char *at = anon(4, 'k');

	saw("mremap", move(at + pages(1), 2, 3));
	saw("content", contents(result, 3));
	saw("old", contents(at, 4));
}

static long locked_pages(void)
{
	return proc_number("/proc/self/status", "VmLck") * 1024 / (long)page_size;
}

PROBE(mremap__move_mapping__locked)
{
	saw("mremap", move(blocked(anon_with(3, 'k', RW, MAP_PRIVATE | MAP_LOCKED)), 2, 4));
	saw("flag", vm_flag(result, "lo"));
	saw("populated", populated(result, 4));
	saw("locked", locked_pages());
}

PROBE(mremap__move_mapping__locked_over_limit)
{
	char *at = blocked(anon_with(3, 'k', RW, MAP_PRIVATE | MAP_LOCKED));

	set_limit(RLIMIT_MEMLOCK, pages(4));
	become_user();
	saw("mremap", move(at, 2, 4));
	saw("content", contents(at, 3));
}

PROBE(mremap__move_mapping__flags_kept)
{
	char *at = blocked(anon(3, 'k'));

	call(madvise, at, pages(2), MADV_DONTFORK);
	call(madvise, at, pages(2), MADV_DONTDUMP);
	call(madvise, at, pages(2), MADV_RANDOM);
	saw("mremap", move(at, 2, 4));
	saw("dontfork", vm_flag(result, "dc"));
	saw("dontdump", vm_flag(result, "dd"));
	saw("random", vm_flag(result, "rr"));
}

PROBE(mremap__move_mapping__wipe_on_fork_kept)
{
	char *at = blocked(anon(3, 'k'));

	call(madvise, at, pages(2), MADV_WIPEONFORK);
	saw("mremap", move(at, 2, 4));
	in_child
		saw("child", contents(result, 4));
}

PROBE(mremap__move_mapping__protection_kept)
{
	char *at = anon(3, 'k');

	call(mprotect, at, pages(2), PROT_READ);
	saw("mremap", move(at, 2, 4));
	saw("protection", protection(result));
	saw("write", poke(result, 'w'));
}

PROBE(mremap__move_mapping__growsdown)
{
	char *at = anon_with(3, 'k', RW, MAP_PRIVATE | MAP_GROWSDOWN);

	saw("mremap", move(blocked(at), 2, 4));
	if (!failed(result))
		saw("flag", vm_flag(result, "gd"));
}

PROBE(mremap__move_mapping__in_child)
{
	char *at = blocked(anon(3, 'k'));

	in_child {
		move(at, 2, 4);
		saw("child", contents(result, 4));
	}
	saw("parent", contents(at, 3));
}

PROBE(mremap__move_mapping__too_many_mappings)
{
	char *at = blocked(anon(3, 'k'));

	use_up_mappings();
	saw("mremap", move(at, 2, 4));
	saw("content", contents(at, 3));
}

/* Makes 29 pages into 40 with room for `n` more under RLIMIT_AS. */
static void see_move_with_room(const char *word, long n)
{
	char *at = anon(33, 'a');

	call(mprotect, at + pages(32), pages(1), PROT_READ);
	set_limit(RLIMIT_AS, 1024 * (unsigned long)proc_number("/proc/self/status", "VmSize") + pages(n));
	saw(word, move(at + pages(3), 29, 40));
}

PROBE(mremap__move_mapping__address_space_limit)
{
	in_child
		see_move_with_room("enough_for_growth", 11);
	in_child
		see_move_with_room("enough_for_both", 40);
}

PROBE(mremap__move_mapping__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE), *to = space((long)(huge_size() / page_size));

	to = address(call(mremap, at, huge_size(), huge_size(), MREMAP_MAYMOVE | MREMAP_FIXED, to));
	saw("mremap", failed(to) ? outcome(to) : "moved");
	if (!failed(to))
		saw("read", peek(to));
}

PROBE(mremap__move_mapping__hugetlb_unaligned)
{
	char *at = huge(1, 'k', MAP_PRIVATE), *to = space((long)(huge_size() / page_size) + 1) + pages(1);

	to = address(call(mremap, at, huge_size(), huge_size(), MREMAP_MAYMOVE | MREMAP_FIXED, to));
	saw("mremap", failed(to) ? outcome(to) : "moved");
}

PROBE(mremap__move_mapping__sealed)
{
	char *at = blocked(anon(3, 'k'));

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("mremap", move(at, 2, 4));
	saw("content", contents(at, 3));
}

PROBE(mremap__move_mapping__dax)
{
	int fd = dax_file(4, 'a');

	saw("mremap", move(blocked_file(fd, MAP_SHARED), 2, 4));
	saw("content", contents(result, 4));
	poke(result + pages(3), 'w');
	saw("file", file_byte(fd, pages(3)));
}
