#include "probe.h"
#include <linux/auxvec.h>
#include <linux/capability.h>

static const char *set_mm(unsigned long field, const void *value, unsigned long length)
{
	return outcome(call(prctl, PR_SET_MM, field, value, length, 0));
}

static char *heap_page(void)
{
	char *old = address(call(brk, NULL)), *at = old + (page_size - (uintptr_t)old % page_size) % page_size;

	if (address(call(brk, at + pages(2))) != at + pages(2))
		broken("a heap of two pages");
	return at;
}

PROBE(prctl__set_mm__brk)
{
	char *at = heap_page();

	saw("brk", set_mm(PR_SET_MM_BRK, at + pages(1), 0));
	saw("moved", yes(address(call(brk, NULL)) == at + pages(1)));
	saw("content", contents(at, 2));
	saw("start_brk", set_mm(PR_SET_MM_START_BRK, at, 0));
	saw("below_start", yes(address(call(brk, at - pages(1))) == at - pages(1)));
}

PROBE(prctl__set_mm__brk_where_it_cannot_be)
{
	heap_page();
	saw("zero", set_mm(PR_SET_MM_BRK, NULL, 0));
	saw("kernel_address", set_mm(PR_SET_MM_BRK, (void *)~0UL, 0));
	saw("below_data", set_mm(PR_SET_MM_BRK, (void *)pages(32), 0));
	saw("start_below_data", set_mm(PR_SET_MM_START_BRK, (void *)pages(32), 0));
}

PROBE(prctl__set_mm__code_and_data)
{
	char *at = anon(2, 'k'), *running = anon_with(1, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE);

	saw("start_code", set_mm(PR_SET_MM_START_CODE, running, 0));
	saw("end_code_before_start", set_mm(PR_SET_MM_END_CODE, running - 1, 0));
	saw("start_data", set_mm(PR_SET_MM_START_DATA, at, 0));
	saw("start_data_nowhere", set_mm(PR_SET_MM_START_DATA, space(1), 0));
	saw("start_stack", set_mm(PR_SET_MM_START_STACK, at + 16, 0));
	saw("start_stack_nowhere", set_mm(PR_SET_MM_START_STACK, space(1), 0));
}

PROBE(prctl__set_mm__command_line)
{
	char *at = anon(1, 0);

	strcpy(at, "renamed");
	saw("arg_start", set_mm(PR_SET_MM_ARG_START, at, 0));
	saw("arg_end", set_mm(PR_SET_MM_ARG_END, at + 8, 0));
	saw("env_start", set_mm(PR_SET_MM_ENV_START, at + 8, 0));
	saw("env_end", set_mm(PR_SET_MM_ENV_END, at + 8, 0));
}

PROBE(prctl__set_mm__auxiliary_vector)
{
	unsigned long vector[8] = {AT_PAGESZ, 4096, AT_NULL, 0}, full[200] = {AT_NULL};

	saw("auxv", set_mm(PR_SET_MM_AUXV, vector, sizeof(vector)));
	saw("too_long", set_mm(PR_SET_MM_AUXV, full, sizeof(full)));
	saw("bad_pointer", set_mm(PR_SET_MM_AUXV, (void *)8, sizeof(vector)));
}

PROBE(prctl__set_mm__size_of_the_map)
{
	unsigned int size = 0;

	saw("map_size", set_mm(PR_SET_MM_MAP_SIZE, &size, 0));
	saw("bytes", (long)size);
	saw("bad_size", set_mm(PR_SET_MM_MAP, &size, 1));
}

PROBE(prctl__set_mm__arguments)
{
	char *at = heap_page();

	saw("unknown_field", set_mm(99, at, 0));
	saw("field_zero", set_mm(0, at, 0));
	saw("fourth", set_mm(PR_SET_MM_BRK, at, 1));
	saw("fifth", outcome(call(prctl, PR_SET_MM, PR_SET_MM_BRK, at, 0, 1)));
	saw("exe_of_no_file", set_mm(PR_SET_MM_EXE_FILE, (void *)1000, 0));
}

PROBE(prctl__set_mm__permission)
{
	char *at = heap_page();
	unsigned int size = 0;

	drop_capability(CAP_SYS_RESOURCE);
	saw("root_without_sys_resource", set_mm(PR_SET_MM_BRK, at + pages(1), 0));
	become_user();
	saw("user", set_mm(PR_SET_MM_BRK, at + pages(1), 0));
	saw("user_map_size", set_mm(PR_SET_MM_MAP_SIZE, &size, 0));
}

PROBE(prctl__set_mm__executable)
{
	int tmpfs = (int)call(openat, AT_FDCWD, "/proc/self/exe", O_RDONLY, 0);

	saw("open", failed(tmpfs) ? outcome(tmpfs) : "ok");
	saw("while_mapped", set_mm(PR_SET_MM_EXE_FILE, (void *)(uintptr_t)tmpfs, 0));
	saw("not_executable", set_mm(PR_SET_MM_EXE_FILE, (void *)(uintptr_t)scratch_file(1, 'f'), 0));
}

PROBE(prctl__get_auxv__whole)
{
	unsigned long vector[128] = {0};
	long length = call(prctl, PR_GET_AUXV, vector, sizeof(vector), 0, 0), pagesz = -1;

	saw("prctl", failed(length) ? outcome(length) : "ok");
	for (int i = 0; i + 1 < 128 && vector[i] != AT_NULL; i += 2)
		if (vector[i] == AT_PAGESZ)
			pagesz = (long)vector[i + 1] / (long)page_size;
	saw("page_size_in_pages", pagesz);
	saw("longer_than_given", yes(call(prctl, PR_GET_AUXV, vector, 8, 0, 0) == length && length > 8));
	saw("fourth", outcome(call(prctl, PR_GET_AUXV, vector, sizeof(vector), 1, 0))[0] == 'E'
			      ? outcome(call(prctl, PR_GET_AUXV, vector, sizeof(vector), 1, 0))
			      : "ok");
}
