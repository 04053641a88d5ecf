#include "probe.h"
#include <linux/uio.h>
#include <linux/wait.h>

/* Reads n pages at `from` of process `pid` into `to`: the bytes' number in pages, or the errno. */
static long reads(int pid, void *to, const void *from, size_t length)
{
	struct iovec local = {to, length}, remote = {(void *)(uintptr_t)from, length};

	return call(process_vm_readv, pid, &local, 1, &remote, 1, 0);
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

PROBE(process_vm_readv__read_mappings_of_process__of_another)
{
	char *at = anon(3, 'k'), *to = anon(3, 0);
	int pid = other_process();

	fill(at, 3, 'A'); /* the child keeps its own */
	saw("readv", amount(reads(pid, to, at, pages(3))));
	saw("content", contents(to, 3));
}

PROBE(process_vm_readv__read_mappings_of_process__of_oneself)
{
	char *at = anon(2, 'k'), *to = anon(2, 0);

	saw("readv", amount(reads(myself(), to, at, pages(2))));
	saw("content", contents(to, 2));
}

PROBE(process_vm_readv__read_mappings_of_process__untouched)
{
	char *at = anon(2, 0), *to = anon(2, 'x');

	saw("readv", amount(reads(myself(), to, at, pages(2))));
	saw("content", contents(to, 2));
	saw("populated", populated(at, 2));
	saw("anonymous", smaps_pages(at, "Anonymous"));
}

PROBE(process_vm_readv__read_mappings_of_process__protections)
{
	char *none = anon_with(1, 0, PROT_NONE, MAP_PRIVATE), *writing = anon_with(1, 0, PROT_WRITE, MAP_PRIVATE);
	char *running = anon_with(1, 0, PROT_EXEC, MAP_PRIVATE), *to = anon(1, 0);

	saw("none", amount(reads(myself(), to, none, pages(1))));
	saw("write_only", amount(reads(myself(), to, writing, pages(1))));
	saw("execute_only", amount(reads(myself(), to, running, pages(1))));
	saw("nothing_there", amount(reads(myself(), to, space(1), pages(1))));
	saw("kernel_address", amount(reads(myself(), to, (void *)(~0UL - pages(4) + 1), pages(1))));
}

PROBE(process_vm_readv__read_mappings_of_process__part_is_there)
{
	char *at = anon(3, 'k'), *to = anon(3, 0);

	call(munmap, at + pages(1), pages(1));
	saw("readv", amount(reads(myself(), to, at, pages(3))));
	saw("content", contents(to, 3));
	saw("from_the_hole", amount(reads(myself(), to, at + pages(1), pages(2))));
}

PROBE(process_vm_readv__read_mappings_of_process__several_pieces)
{
	char *at = anon(3, 'k'), *to = anon(3, 0);
	struct iovec local[2] = {{to, pages(1)}, {to + pages(1), pages(2)}};
	struct iovec remote[3] = {{at + pages(2), pages(1)}, {at + pages(1), pages(1)}, {at, pages(1)}};
	struct iovec broken_off[3] = {{at, pages(1)}, {space(1), pages(1)}, {at, pages(1)}};

	saw("readv", amount(call(process_vm_readv, myself(), local, 2, remote, 3, 0)));
	saw("content", contents(to, 3));
	saw("second_is_not_there", amount(call(process_vm_readv, myself(), local, 2, broken_off, 3, 0)));
}

PROBE(process_vm_readv__read_mappings_of_process__unequal_lengths)
{
	char *at = anon(3, 'k'), *to = anon(3, 0);
	struct iovec local = {to, pages(1)}, remote = {at, pages(3)}, more = {to, pages(3)}, less = {at, 100};

	saw("local_is_shorter", amount(call(process_vm_readv, myself(), &local, 1, &remote, 1, 0)));
	saw("remote_is_shorter", amount(call(process_vm_readv, myself(), &more, 1, &less, 1, 0)));
}

PROBE(process_vm_readv__read_mappings_of_process__local_cannot_be_written)
{
	char *at = anon(2, 'k'), *reading = anon_with(2, 0, PROT_READ, MAP_PRIVATE), *half = anon(2, 0);

	saw("read_only", amount(reads(myself(), reading, at, pages(2))));
	saw("nothing_there", amount(reads(myself(), space(2), at, pages(2))));
	call(mprotect, half + pages(1), pages(1), PROT_READ);
	saw("half", amount(reads(myself(), half, at, pages(2))));
}

PROBE(process_vm_readv__read_mappings_of_process__flags)
{
	char *at = anon(1, 'k'), *to = anon(1, 0);
	struct iovec local = {to, 1}, remote = {at, 1};

	saw("one", outcome(call(process_vm_readv, myself(), &local, 1, &remote, 1, 1)));
	saw("high", outcome(call(process_vm_readv, myself(), &local, 1, &remote, 1, 1UL << 31)));
	saw("no_process", outcome(call(process_vm_readv, 0x3ffffffe, &local, 1, &remote, 1, 1)));
	saw("content", peek(to));
}

PROBE(process_vm_readv__read_mappings_of_process__no_process)
{
	char *at = anon(1, 'k'), *to = anon(1, 0);
	int pid = other_process();
	uint64_t info[16];

	saw("no_such", amount(reads(0x3ffffffe, to, at, 1)));
	saw("zero", amount(reads(0, to, at, 1)));
	saw("negative", amount(reads(-1, to, at, 1)));
	call(kill, pid, 9);
	if (failed(call(waitid, P_PID, pid, info, WEXITED | WNOWAIT, NULL)))
		broken("waitid");
	saw("zombie", amount(reads(pid, to, at, 1)));
	saw("zombie_no_bytes", amount(reads(pid, to, at, 0)));
}

PROBE(process_vm_readv__read_mappings_of_process__counts)
{
	static struct iovec many[1025];
	char *at = anon(1, 'k'), *to = anon(1, 0);
	struct iovec local = {to, 1}, remote = {at, 1}, negative = {at, (size_t)-1};

	for (int i = 0; i < 1025; i++)
		many[i] = (struct iovec){at, 1};
	saw("remote_1024", amount(call(process_vm_readv, myself(), &local, 1, many, 1024, 0)));
	saw("remote_1025", amount(call(process_vm_readv, myself(), &local, 1, many, 1025, 0)));
	saw("local_1025", amount(call(process_vm_readv, myself(), many, 1025, &remote, 1, 0)));
	saw("no_local", amount(call(process_vm_readv, myself(), &local, 0, &remote, 1, 0)));
	saw("no_remote", amount(call(process_vm_readv, myself(), &local, 1, &remote, 0, 0)));
	saw("negative_remote", amount(call(process_vm_readv, myself(), &local, 1, &negative, 1, 0)));
	saw("negative_local", amount(call(process_vm_readv, myself(), &negative, 1, &remote, 1, 0)));
	saw("no_array", amount(call(process_vm_readv, myself(), &local, 1, NULL, 1, 0)));
	saw("no_local_array", amount(call(process_vm_readv, myself(), NULL, 1, &remote, 1, 0)));
}

PROBE(process_vm_readv__read_mappings_of_process__permission)
{
	char *at = anon(1, 'k'), *to = anon(1, 0);
	int roots = other_process(), mine, hidden;

	become_user();
	saw("of_root", amount(reads(roots, to, at, 1)));
	mine = other_process();
	saw("of_own_child", amount(reads(mine, to, at, 1)));
	call(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	hidden = other_process();
	saw("of_undumpable_child", amount(reads(hidden, to, at, 1)));
	saw("of_oneself_undumpable", amount(reads(myself(), to, at, 1)));
}

PROBE(process_vm_readv__read_mappings_of_process__file_and_beyond)
{
	char *at = mapped(scratch_file(1, 'f'), 2, PROT_READ, MAP_SHARED), *to = anon(2, 0);

	saw("readv", amount(reads(myself(), to, at, pages(2))));
	saw("beyond", amount(reads(myself(), to, at + pages(1), pages(1))));
}

PROBE(process_vm_readv__read_mappings_of_process__guard_page)
{
	char *at = anon(2, 'k'), *to = anon(2, 0);

	saw("install", outcome(call(madvise, at + pages(1), pages(1), MADV_GUARD_INSTALL)));
	saw("readv", amount(reads(myself(), to, at, pages(2))));
}
