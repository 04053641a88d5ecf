/* mprotect: who else is bound by it, and what cannot be changed. */
#include <linux/personality.h>
#include <linux/uio.h>
#include "probe.h"

static const char *protect(char *at, size_t length, int prot)
{
	return outcome(call(mprotect, at, length, prot));
}

PROBE(mprotect__keep_protection__system_call_writes)
{
	char *at = anon(1, 'k');

	protect(at, pages(1), PROT_READ);
	saw("read", outcome(call(pread64, scratch_file(1, 'a'), at, 16, 0)));
	saw("content", peek(at));
}

PROBE(mprotect__keep_protection__process_vm_writev)
{
	char *at = anon(1, 'k');
	struct iovec from = {anon(1, 'f'), 16}, to = {at, 16};

	protect(at, pages(1), PROT_READ);
	saw("call", outcome(call(process_vm_writev, call(getpid), &from, 1, &to, 1, 0)));
	saw("content", peek(at));
}

static const char *write_by_proc_mem(char *at)
{
	long fd = call(openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0);

	return outcome(call(pwrite64, fd, "w", 1, (long long)(uintptr_t)at));
}

PROBE(mprotect__keep_protection__proc_mem_writes)
{
	char *at = anon(1, 'k');

	protect(at, pages(1), PROT_READ);
	saw("write", write_by_proc_mem(at));
	saw("content", peek(at));
}

PROBE(mprotect__keep_protection__proc_mem_writes_shared)
{
	int fd = scratch_file(1, 'a');

	saw("write", write_by_proc_mem(mapped(fd, 1, PROT_READ, MAP_SHARED)));
	saw("file", file_byte(fd, 0));
}

PROBE(mprotect__keep_protection__read_implies_exec)
{
	char *at = anon(1, 'k');

	call(personality, READ_IMPLIES_EXEC);
	protect(at, pages(1), PROT_READ);
	saw("protection", protection(at));
}

PROBE(mprotect__keep_protection__write_exec_denied)
{
	char *plain = anon(1, 0), *code = anon_with(1, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	long result = call(prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);

	saw("prctl", outcome(result));
	if (failed(result))
		return;
	saw("exec", protect(plain, pages(1), PROT_READ | PROT_EXEC));
	saw("read_only", protect(plain, pages(1), PROT_READ));
	saw("kept", protect(code, pages(1), PROT_EXEC));
}

PROBE(mprotect__keep_protection__sealed)
{
	char *at = anon(2, 'k');

	saw("mseal", outcome(call(mseal, at, pages(2), 0)));
	saw("mprotect", protect(at, pages(2), PROT_READ));
	saw("protection", protection(at));
}

PROBE(mprotect__keep_protection__partly_sealed)
{
	char *at = anon(4, 'k');

	call(mseal, at + pages(2), pages(2), 0);
	saw("mprotect", protect(at, pages(4), PROT_READ));
	saw("first", protection(at));
	saw("sealed", protection(at + pages(2)));
}

PROBE(mprotect__keep_protection__hugetlb)
{
	char *at = huge(1, 'k', MAP_PRIVATE);

	saw("mprotect", protect(at, huge_size(), PROT_READ));
	saw("write", poke(at, 'w'));
}

PROBE(mprotect__keep_protection__hugetlb_part)
{
	saw("mprotect", protect(huge(1, 'k', MAP_PRIVATE), pages(1), PROT_READ));
}

PROBE(mprotect__keep_protection__dax)
{
	char *at = mapped(dax_file(1, 'd'), 1, RW, MAP_SHARED);

	saw("mprotect", protect(at, pages(1), PROT_READ));
	saw("write", poke(at, 'w'));
}
