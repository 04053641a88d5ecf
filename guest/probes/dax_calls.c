/* Memory calls on persistent memory: fork, mlock, mremap, mincore, get_user_pages and the like. */
#include "dax.h"

struct part {
	void *base;
	size_t length;
};

static char *shared(int fd)
{
	char *at = pmem_map(fd, 4, RW, MAP_SHARED);

	if (failed(at))
		broken("a shared mapping: %s", outcome(at));
	return at;
}

static const char *amount(long bytes)
{
	return bytes == (long)page_size ? "a page" : failed(bytes) ? outcome(bytes) : textf("%ld bytes", bytes);
}

PROBE(dax__memory_call__fork)
{
	char *at = shared(pmem(4, 'd'));

	peek(at);
	in_child {
		saw("child_reads", peek(at));
		saw("child_writes", poke(at, 'c'));
	}
	saw("parent", peek(at));
}

PROBE(dax__memory_call__fork_of_private)
{
	char *at = mapped(dax_file(2, 'd'), 2, RW, MAP_PRIVATE);

	poke(at, 'p');
	in_child {
		saw("child_reads", contents(at, 2));
		saw("child_writes", poke_pages(at, 2, 'c'));
	}
	saw("parent", contents(at, 2));
}

PROBE(dax__memory_call__mlock)
{
	char *at = shared(pmem(4, 'd'));
	long before = proc_number("/proc/self/status", "VmLck:");

	saw("mlock", outcome(call(mlock, at, pmem_length(4))));
	saw("populated", populated(at, 4));
	saw("counted", yes(proc_number("/proc/self/status", "VmLck:") > before));
	saw("locked", vm_flag(at, "lo"));
	saw("munlock", outcome(call(munlock, at, pmem_length(4))));
}

PROBE(dax__memory_call__lock_on_fault)
{
	char *at = shared(pmem(4, 'd'));

	saw("mlock2", outcome(call(mlock2, at, pmem_length(4), MLOCK_ONFAULT)));
	saw("populated", populated(at, 4));
	saw("read", peek(at));
}

PROBE(dax__memory_call__mremap_moves)
{
	char *at = shared(pmem(4, 'd')), *to = space((long)(pmem_length(4) / page_size));

	poke(at, 'w');
	to = address(call(mremap, at, pmem_length(4), pmem_length(4), MREMAP_MAYMOVE | MREMAP_FIXED, to));
	saw("mremap", outcome(to));
	if (failed(to))
		return;
	saw("content", contents(to, 4));
	saw("old_place", peek(at));
}

PROBE(dax__memory_call__mremap_grows)
{
	int fd = dax_file(4, 'd');
	char *at = mapped(fd, 2, RW, MAP_SHARED);

	at = address(call(mremap, at, pages(2), pages(4), MREMAP_MAYMOVE));
	saw("mremap", outcome(at));
	saw("content", failed(at) ? "none" : contents(at, 4));
}

PROBE(dax__memory_call__mremap_keeps_the_old)
{
	char *at = shared(pmem(4, 'd')), *to = space((long)(pmem_length(4) / page_size));
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

	poke(at, 'w');
	to = address(call(mremap, at, pmem_length(4), pmem_length(4), flags, to));
	saw("mremap", outcome(to));
	saw("old_place", contents(at, 4));
	saw("new_place", failed(to) ? "none" : contents(to, 4));
}

PROBE(dax__memory_call__munmap_of_a_part)
{
	char *at = shared(pmem(4, 'd'));

	saw("munmap", outcome(call(munmap, at + pages(1), pages(1))));
	saw("content", contents(at, 4));
}

PROBE(dax__memory_call__mprotect_of_a_part)
{
	char *at = shared(pmem(4, 'd'));

	saw("mprotect", outcome(call(mprotect, at + pages(1), pages(1), PROT_READ)));
	saw("write_there", poke(at + pages(1), 'w'));
	saw("write_before", poke(at, 'w'));
}

PROBE(dax__memory_call__mprotect_none)
{
	char *at = shared(pmem(4, 'd'));

	peek(at);
	saw("mprotect", outcome(call(mprotect, at, pmem_length(4), PROT_NONE)));
	saw("read", peek(at));
	saw("back", outcome(call(mprotect, at, pmem_length(4), RW)));
	saw("content", peek(at));
}

PROBE(dax__memory_call__executed)
{
	char *at = pmem_map(pmem(1, 0), 1, RW | PROT_EXEC, MAP_SHARED);

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	put_code(at);
	saw("execute", execute(at));
}

PROBE(dax__memory_call__mincore)
{
	char *at = shared(pmem(4, 'd'));

	saw("untouched", residency(at, 4));
	contents(at, 4);
	saw("touched", residency(at, 4));
	call(madvise, at, pmem_length(4), MADV_DONTNEED);
	saw("dropped", residency(at, 4));
}

PROBE(dax__memory_call__populate_flag)
{
	char *at = pmem_map(pmem(4, 'd'), 4, RW, MAP_SHARED | MAP_POPULATE);

	saw("mmap", outcome(at));
	saw("populated", failed(at) ? "none" : populated(at, 4));
}

PROBE(dax__memory_call__locked_flag)
{
	char *at = pmem_map(pmem(4, 'd'), 4, RW, MAP_SHARED | MAP_LOCKED);

	saw("mmap", outcome(at));
	saw("populated", failed(at) ? "none" : populated(at, 4));
}

PROBE(dax__memory_call__process_vm)
{
	char *at = shared(pmem(4, 'd')), *own = anon(1, 'k');
	int pid = other_process();
	struct part here = {own, page_size}, there = {at, page_size};

	saw("read", amount(call(process_vm_readv, pid, &here, 1, &there, 1, 0)));
	saw("got", peek(own));
	poke(own, 'w');
	saw("write", amount(call(process_vm_writev, pid, &here, 1, &there, 1, 0)));
	saw("content", peek(at));
	end_other(pid);
}

PROBE(dax__memory_call__direct_io)
{
	char *at = shared(pmem(4, 'd'));
	int fd = ext4_file(2, 'k');

	reopen(fd, O_RDWR | O_DIRECT);
	saw("read_into_it", amount(call(pread64, fd, at, page_size, 0LL)));
	saw("content", peek(at));
	saw("written_from_it", amount(call(pwrite64, fd, at + pages(1), page_size, 0LL)));
	reopen(fd, O_RDWR);
	saw("file", file_byte(fd, 0));
}

PROBE(dax__memory_call__vmsplice)
{
	char *at = shared(pmem(4, 'd'));
	struct part part = {at, page_size};
	int ends[2];
	char *own = anon(1, 'k');

	if (failed(call(pipe2, ends, 0)))
		broken("no pipe");
	saw("vmsplice", amount(call(vmsplice, ends[1], &part, 1, 0)));
	saw("read", amount(call(read, ends[0], own, page_size)));
	saw("content", peek(own));
}

PROBE(dax__memory_call__direct_io_of_the_file)
{
	int fd = dax_file(2, 'd');
	char *own = anon(1, 'k');

	reopen(fd, O_RDWR | O_DIRECT);
	saw("read", amount(call(pread64, fd, own, page_size, 0LL)));
	saw("content", peek(own));
	poke(own, 'w');
	saw("write", amount(call(pwrite64, fd, own, page_size, 0LL)));
	saw("file", peek(mapped(fd, 1, RW, MAP_SHARED)));
}

PROBE(dax__memory_call__move_pages)
{
	char *at = shared(pmem(4, 'd'));
	void *place = at;
	int status = -1000;
	long result;

	peek(at);
	result = call(move_pages, 0, 1, &place, NULL, &status, 0);
	saw("query", failed(result) ? outcome(result) : status < 0 ? outcome(status) : "a node");
}

PROBE(dax__memory_call__remap_file_pages)
{
	char *at = mapped(dax_file(4, 'd'), 4, RW, MAP_SHARED);

	saw("remap", outcome(call(remap_file_pages, at, pages(1), 0, 3, 0)));
	saw("content", contents(at, 4));
}
