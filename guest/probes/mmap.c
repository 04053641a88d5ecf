/* mmap: what a new mapping is. */
#include "probe.h"

enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

PROBE(mmap__create_vma__anonymous)
{
	char *at = address(call(mmap, space(4), pages(4), RW, ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("content", contents(at, 4));
	saw("protection", protection(at));
	saw("pages", mapping_pages(at));
}

PROBE(mmap__create_vma__not_resident)
{
	char *at = anon(4, 0);

	saw("before", populated(at, 4));
	poke(at, 'w');
	saw("first", populated(at, 1));
	saw("rest", populated(at + pages(1), 3));
}

PROBE(mmap__create_vma__read_maps_zero_page)
{
	char *at = anon(2, 0);

	saw("read", peek(at));
	peek(at + pages(1));
	saw("populated", populated(at, 2));
	saw("shared_frame", yes(frame_of(at) == frame_of(at + pages(1))));
	poke(at, 'w');
	saw("own_frame", yes(frame_of(at) != frame_of(at + pages(1))));
}

PROBE(mmap__create_vma__private_file)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_PRIVATE);

	saw("content", contents(at, 2));
	saw("write", poke(at, 'w'));
	saw("mapping", peek(at));
	saw("file", file_byte(fd, 0));
}

PROBE(mmap__create_vma__private_file_sees_file)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_PRIVATE);

	peek(at);
	poke(at + pages(1), 'p');
	call(pwrite64, fd, "w", 1, 0);
	call(pwrite64, fd, "w", 1, pages(1));
	saw("untouched", peek(at));
	saw("written", peek(at + pages(1)));
}

PROBE(mmap__create_vma__shared_file)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("content", contents(at, 2));
	saw("write", poke(at, 'w'));
	saw("file", file_byte(fd, 0));
}

PROBE(mmap__create_vma__shared_with_child)
{
	char *at = shared_anon(1, 'k');

	in_child
		saw("child", poke(at, 'c'));
	saw("parent", peek(at));
}

PROBE(mmap__create_vma__private_from_child)
{
	char *at = anon(1, 'k');

	in_child {
		poke(at, 'c');
		saw("child", peek(at));
	}
	saw("parent", peek(at));
}

PROBE(mmap__create_vma__length_rounded_up)
{
	char *at = address(call(mmap, space(2), 1, RW, ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	saw("pages", mapping_pages(at));
	saw("last_byte", poke(at + pages(1) - 1, 'w'));
	saw("behind", peek(at + pages(1)));
}

PROBE(mmap__create_vma__beyond_end_of_file)
{
	char *at = address(call(mmap, space(4), pages(4), RW, MAP_SHARED, scratch_file(2, 'a'), 0));

	saw("mmap", outcome(at));
	saw("content", contents(at, 4));
	saw("code", peek(at + pages(2)));
}

PROBE(mmap__create_vma__beyond_end_of_private_file)
{
	char *at = mapped(scratch_file(1, 'a'), 2, RW, MAP_PRIVATE);

	saw("write", poke(at + pages(1), 'w'));
}

PROBE(mmap__create_vma__rest_of_last_page)
{
	int fd = scratch_file(1, 'a');
	char *at;

	call(ftruncate, fd, 10);
	at = mapped(fd, 1, RW, MAP_SHARED);
	saw("rest", peek(at + 10));
	saw("write", poke(at + 10, 'w'));
	saw("file", file_byte(fd, 10));
}

PROBE(mmap__create_vma__file_grown_later)
{
	int fd = scratch_file(1, 'a');
	char *at = mapped(fd, 2, RW, MAP_SHARED), *added = at + pages(1);

	saw("before", peek(added));
	call(ftruncate, fd, pages(2));
	saw("after", peek(added));
	saw("write", poke(added, 'w'));
	saw("file", file_byte(fd, pages(1)));
}

PROBE(mmap__create_vma__file_truncated_later)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	saw("before", contents(at, 2));
	call(ftruncate, fd, pages(1));
	saw("after", contents(at, 2));
}

PROBE(mmap__create_vma__file_closed)
{
	int fd = scratch_file(2, 'a');
	char *at = mapped(fd, 2, PROT_READ, MAP_SHARED);

	saw("close", outcome(call(close, fd)));
	saw("content", contents(at, 2));
}

PROBE(mmap__create_vma__offset)
{
	char *at = address(call(mmap, space(2), pages(2), PROT_READ, MAP_SHARED, scratch_file(3, 'a'), pages(1)));

	saw("content", contents(at, 2));
}

PROBE(mmap__create_vma__prot_none)
{
	char *at = anon_with(1, 0, PROT_NONE, MAP_PRIVATE);

	saw("read", peek(at));
	saw("write", poke(at, 'w'));
	saw("protection", protection(at));
}

PROBE(mmap__create_vma__prot_read)
{
	char *at = anon_with(1, 0, PROT_READ, MAP_PRIVATE);

	saw("read", peek(at));
	saw("write", poke(at, 'w'));
}

PROBE(mmap__create_vma__prot_write_alone)
{
	char *at = anon_with(1, 0, PROT_WRITE, MAP_PRIVATE);

	saw("write", poke(at, 'w'));
	saw("read", peek(at));
	saw("protection", protection(at));
}

PROBE(mmap__create_vma__prot_exec)
{
	char *with = anon_with(1, 0, RW | PROT_EXEC, MAP_PRIVATE), *without = anon(1, 0);

	put_code(with);
	put_code(without);
	saw("with", execute(with));
	saw("without", execute(without));
}

PROBE(mmap__create_vma__prot_exec_alone)
{
	char *at = mapped(scratch_file(1, 'c'), 1, PROT_EXEC, MAP_PRIVATE);

	saw("read", peek(at));
	saw("protection", protection(at));
}

PROBE(mmap__create_vma__ignored_flags)
{
	int fd = scratch_file(1, 'a');

	saw("denywrite", outcome(call(mmap, space(1), pages(1), RW, MAP_SHARED | MAP_DENYWRITE, fd, 0)));
	saw("executable", outcome(call(mmap, space(1), pages(1), RW, MAP_SHARED | MAP_EXECUTABLE, fd, 0)));
	saw("stack", outcome(call(mmap, space(1), pages(1), RW, ANONYMOUS | MAP_STACK, -1, 0)));
	saw("file_written", outcome(call(pwrite64, fd, "w", 1, 0)));
}

PROBE(mmap__create_vma__anonymous_ignores_fd)
{
	int fd = scratch_file(1, 'a');
	char *at = address(call(mmap, space(1), pages(1), RW, ANONYMOUS, fd, 0));

	saw("bad", outcome(call(mmap, space(1), pages(1), RW, ANONYMOUS, 99, 0)));
	saw("of_a_file", outcome(at));
	saw("content", peek(at));
}

PROBE(mmap__create_vma__dev_zero_private)
{
	long fd = call(openat, AT_FDCWD, "/dev/zero", O_RDWR, 0);
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_PRIVATE, fd, 0));

	saw("mmap", outcome(at));
	saw("content", contents(at, 2));
	saw("write", poke(at, 'w'));
}

PROBE(mmap__create_vma__dev_zero_shared)
{
	long fd = call(openat, AT_FDCWD, "/dev/zero", O_RDWR, 0);
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_SHARED, fd, 0));

	saw("mmap", outcome(at));
	in_child
		poke(at, 'c');
	saw("parent", peek(at));
	saw("name", mapping_name(at));
}

PROBE(mmap__create_vma__kept_by_fork)
{
	char *at = anon(2, 'k');

	call(mprotect, at, pages(2), PROT_READ);
	in_child {
		saw("content", contents(at, 2));
		saw("protection", protection(at));
		saw("pages", mapping_pages(at));
	}
}

PROBE(mmap__create_vma__droppable)
{
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("flag", vm_flag(at, "dp"));
	saw("write", poke(at, 'k'));
	in_child
		saw("wiped_on_fork", peek(at));
}

PROBE(mmap__create_vma__droppable_file)
{
	saw("mmap", outcome(call(mmap, space(2), pages(2), RW, MAP_DROPPABLE, scratch_file(2, 'a'), 0)));
}
