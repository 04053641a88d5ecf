/* mprotect. */
#include <linux/mount.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include "probe.h"

static const char *protect(char *at, long n, int prot)
{
	return outcome(call(mprotect, at, pages(n), prot));
}

PROBE(mprotect__change_prot_of_mapping__read_only)
{
	char *at = anon(2, 'k');

	saw("mprotect", protect(at, 2, PROT_READ));
	saw("read", peek(at));
	saw("write", poke(at, 'w'));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__none)
{
	char *at = anon(2, 'k');

	saw("mprotect", protect(at, 2, PROT_NONE));
	saw("read", peek(at));
	saw("write", poke(at, 'w'));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__back_to_writable)
{
	char *at = anon(2, 'k');

	protect(at, 2, PROT_NONE);
	protect(at, 2, RW);
	saw("content", contents(at, 2));
	saw("write", poke(at, 'w'));
}

PROBE(mprotect__change_prot_of_mapping__executable)
{
	char *at = anon(1, 0);

	put_code(at);
	saw("before", execute(at));
	saw("mprotect", protect(at, 1, PROT_READ | PROT_EXEC));
	saw("after", execute(at));
}

PROBE(mprotect__change_prot_of_mapping__write_alone)
{
	char *at = anon(1, 'k');

	saw("mprotect", protect(at, 1, PROT_WRITE));
	saw("read", peek(at));
	saw("write", poke(at, 'w'));
}

PROBE(mprotect__change_prot_of_mapping__execute_alone)
{
	char *at = anon(1, 'k');

	saw("mprotect", protect(at, 1, PROT_EXEC));
	saw("read", peek(at));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__part)
{
	char *at = anon(4, 'k');

	saw("mprotect", protect(at + pages(1), 2, PROT_READ));
	saw("first", mapping_pages(at));
	saw("middle", mapping_pages(at + pages(1)));
	saw("last", mapping_pages(at + pages(3)));
	saw("write", poke(at, 'w'));
}

PROBE(mprotect__change_prot_of_mapping__part_back)
{
	char *at = anon(4, 'k');

	protect(at + pages(1), 2, PROT_READ);
	protect(at + pages(1), 2, RW);
	saw("pages", mapping_pages(at));
}

PROBE(mprotect__change_prot_of_mapping__across_mappings)
{
	char *at = anon(4, 'k');

	call(mmap, at + pages(2), pages(2), RW, MAP_SHARED | MAP_FIXED, scratch_file(2, 'a'), 0);
	saw("mprotect", protect(at, 4, PROT_READ));
	saw("anonymous", protection(at));
	saw("file", protection(at + pages(2)));
}

PROBE(mprotect__change_prot_of_mapping__length_rounded_up)
{
	char *at = anon(3, 'k');

	saw("mprotect", outcome(call(mprotect, at, pages(1) + 1, PROT_READ)));
	saw("first", protection(at));
	saw("second", protection(at + pages(1)));
	saw("third", protection(at + pages(2)));
}

PROBE(mprotect__change_prot_of_mapping__zero_length)
{
	char *at = anon(1, 'k');

	saw("mapped", protect(at, 0, PROT_READ));
	saw("unmapped", protect(space(1), 0, PROT_READ));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__address_unaligned)
{
	char *at = anon(2, 'k');

	saw("mprotect", protect(at + 512, 1, PROT_READ));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__unmapped)
{
	saw("mprotect", protect(space(2), 2, PROT_READ));
}

PROBE(mprotect__change_prot_of_mapping__hole_inside)
{
	char *at = anon(4, 'k');

	call(munmap, at + pages(1), pages(1));
	saw("mprotect", protect(at, 4, PROT_READ));
	saw("before", protection(at));
	saw("after", protection(at + pages(2)));
}

PROBE(mprotect__change_prot_of_mapping__too_long)
{
	char *at = anon(1, 'k');

	saw("mprotect", outcome(call(mprotect, at, -pages(1), PROT_READ)));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__invalid_bits)
{
	char *at = anon(1, 'k');

	saw("bit_30", protect(at, 1, PROT_READ | 1 << 30));
	saw("bit_7", protect(at, 1, PROT_READ | 1 << 7));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__atomic)
{
	char *at = anon(1, 'k');

	saw("mprotect", protect(at, 1, RW | PROT_SEM));
	saw("protection", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__read_only_file_shared)
{
	int fd = scratch_file(1, 'a');
	char *private;

	reopen(fd, O_RDONLY);
	saw("shared", protect(mapped(fd, 1, PROT_READ, MAP_SHARED), 1, RW));
	private = mapped(fd, 1, PROT_READ, MAP_PRIVATE);
	saw("private", protect(private, 1, RW));
	poke(private, 'w');
	saw("file", file_byte(fd, 0));
}

PROBE(mprotect__change_prot_of_mapping__sealed_memfd)
{
	int fd = memfd("sealed", 1, 'a', MFD_ALLOW_SEALING);

	call(fcntl, fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
	saw("mprotect", protect(mapped(fd, 1, PROT_READ, MAP_SHARED), 1, RW));
}

PROBE(mprotect__change_prot_of_mapping__noexec_file_system)
{
	if (failed(call(unshare, CLONE_NEWNS)) || failed(call(mount, "none", "/tmp", "tmpfs", MS_NOEXEC, NULL)))
		broken("no tmpfs with noexec");
	saw("mprotect", protect(mapped(scratch_file(1, 'a'), 1, PROT_READ, MAP_PRIVATE), 1, PROT_READ | PROT_EXEC));
}

PROBE(mprotect__change_prot_of_mapping__data_limit)
{
	char *private = anon_with(8, 0, PROT_READ, MAP_PRIVATE), *shared = anon_with(8, 0, PROT_READ, MAP_SHARED);

	set_limit(RLIMIT_DATA, pages(1));
	saw("mprotect", protect(private, 8, RW));
	saw("shared", protect(shared, 8, RW));
}

PROBE(mprotect__change_prot_of_mapping__too_many_mappings)
{
	char *at = anon(3, 'k');

	use_up_mappings();
	saw("mprotect", protect(at + pages(1), 1, PROT_READ));
	saw("protection", protection(at + pages(1)));
}

PROBE(mprotect__change_prot_of_mapping__parent_and_child)
{
	char *at = anon(1, 'k');

	in_child {
		protect(at, 1, PROT_READ);
		saw("child", protection(at));
	}
	saw("parent", protection(at));
}

PROBE(mprotect__change_prot_of_mapping__copy_on_write_kept)
{
	char *at = shared_anon(1, 0), *private = anon(1, 'k');

	in_child {
		in_child {
			protect(private, 1, PROT_READ);
			protect(private, 1, RW);
			poke(private, 'w');
			saw("parent", peek(private));
			poke(at, 'd');
		}
		saw("child", peek(private));
	}
}

PROBE(mprotect__change_prot_of_mapping__private_file_written)
{
	int fd = scratch_file(1, 'a');
	char *at = mapped(fd, 1, PROT_READ, MAP_PRIVATE);

	protect(at, 1, RW);
	saw("write", poke(at, 'w'));
	saw("mapping", peek(at));
	saw("file", file_byte(fd, 0));
}
