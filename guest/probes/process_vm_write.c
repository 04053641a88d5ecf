#include "probe.h"
#include <linux/uio.h>

static long writes(int pid, const void *from, void *to, size_t length)
{
	struct iovec local = {(void *)(uintptr_t)from, length}, remote = {to, length};

	return call(process_vm_writev, pid, &local, 1, &remote, 1, 0);
}

static const char *amount(long bytes)
{
	if (failed(bytes))
		return outcome(bytes);
	return bytes % (long)page_size ? textf("%ld bytes", bytes) : textf("%ld pages", bytes / (long)page_size);
}

static int myself(void)
{
	return (int)call(getpid);
}

PROBE(process_vm_writev__write_mappings_of_process__of_another)
{
	char *at = anon(2, 'k'), *from = anon(2, 'W'), *back = anon(2, 0);
	int pid = other_process();
	struct iovec local = {back, pages(2)}, remote = {at, pages(2)};

	saw("writev", amount(writes(pid, from, at, pages(2))));
	saw("ours", contents(at, 2));
	saw("readv", amount(call(process_vm_readv, pid, &local, 1, &remote, 1, 0)));
	saw("theirs", contents(back, 2));
}

PROBE(process_vm_writev__write_mappings_of_process__shared_memory)
{
	char *at = shared_anon(2, 's'), *from = anon(2, 'W');

	saw("writev", amount(writes(other_process(), from, at, pages(2))));
	saw("ours", contents(at, 2));
}

PROBE(process_vm_writev__write_mappings_of_process__protections)
{
	char *none = anon_with(1, 0, PROT_NONE, MAP_PRIVATE), *reading = anon_with(1, 0, PROT_READ, MAP_PRIVATE);
	char *writing = anon_with(1, 0, PROT_WRITE, MAP_PRIVATE), *from = anon(1, 'W');
	int fd = scratch_file(1, 'f');

	saw("none", amount(writes(myself(), from, none, pages(1))));
	saw("read_only", amount(writes(myself(), from, reading, pages(1))));
	saw("write_only", amount(writes(myself(), from, writing, pages(1))));
	saw("private_file", amount(writes(myself(), from, mapped(fd, 1, PROT_READ, MAP_PRIVATE), pages(1))));
	saw("nothing_there", amount(writes(myself(), from, space(1), pages(1))));
	saw("content", peek(reading));
}

PROBE(process_vm_writev__write_mappings_of_process__private_file_is_copied)
{
	int fd = scratch_file(2, 'f');
	char *private = mapped(fd, 2, RW, MAP_PRIVATE), *shared = mapped(fd, 2, RW, MAP_SHARED), *from = anon(1, 'W');

	saw("private", amount(writes(myself(), from, private, pages(1))));
	saw("private_content", contents(private, 2));
	saw("file_content", contents(shared, 2));
	saw("shared", amount(writes(myself(), from, shared + pages(1), pages(1))));
	saw("file_content_after", contents(shared, 2));
}

PROBE(process_vm_writev__write_mappings_of_process__part_is_there)
{
	char *at = anon(3, 'k'), *from = anon(3, 'W');

	call(mprotect, at + pages(1), pages(1), PROT_READ);
	saw("writev", amount(writes(myself(), from, at, pages(3))));
	saw("content", contents(at, 3));
}

PROBE(process_vm_writev__write_mappings_of_process__local_is_not_there)
{
	char *at = anon(3, 'k'), *from = anon(3, 'W');

	call(munmap, from + pages(1), pages(1));
	saw("writev", amount(writes(myself(), from, at, pages(3))));
	saw("content", contents(at, 3));
	saw("nothing", amount(writes(myself(), from + pages(1), at, pages(1))));
}

PROBE(process_vm_writev__write_mappings_of_process__flags)
{
	char *at = anon(1, 'k'), *from = anon(1, 'W');
	struct iovec local = {from, 1}, remote = {at, 1};

	saw("one", outcome(call(process_vm_writev, myself(), &local, 1, &remote, 1, 1)));
	saw("content", peek(at));
}

PROBE(process_vm_writev__write_mappings_of_process__permission)
{
	char *at = anon(1, 'k'), *from = anon(1, 'W');
	int roots = other_process();

	become_user();
	saw("of_root", amount(writes(roots, from, at, 1)));
	saw("of_own_child", amount(writes(other_process(), from, at, 1)));
}

PROBE(process_vm_writev__write_mappings_of_process__sealed_file)
{
	int fd = memfd("sealed", 1, 'm', MFD_ALLOW_SEALING);
	char *at = mapped(fd, 1, PROT_READ, MAP_PRIVATE), *from = anon(1, 'W');

	saw("seal", outcome(call(fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE)));
	saw("read_only", amount(writes(myself(), from, at, 1)));
	call(mprotect, at, pages(1), RW);
	saw("private", amount(writes(myself(), from, at, 1)));
}

PROBE(process_vm_writev__write_mappings_of_process__huge_page)
{
	char *at = huge(1, 'h', MAP_PRIVATE), *from = anon(2, 'W');
	int pid = other_process();

	saw("writev", amount(writes(pid, from, at, pages(1))));
	saw("ours", peek(at));
}
