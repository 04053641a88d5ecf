/* The one place where a probe's system calls are made. */
#include <errno.h>
#include <unistd.h>
#include "internal.h"

/* calls that some target, or the compiler's headers, do not have: they answer ENOSYS, and are not made */
#ifndef __NR_map_shadow_stack
#define __NR_map_shadow_stack -1
#endif
#ifndef __NR_memfd_secret
#define __NR_memfd_secret -1
#endif
#ifndef __NR_mseal
#define __NR_mseal -1
#endif
#ifndef __NR_cachestat
#define __NR_cachestat -1
#endif
#ifndef __NR_remap_file_pages
#define __NR_remap_file_pages -1
#endif
#ifndef __NR_readahead
#define __NR_readahead -1
#endif
#ifndef __NR_set_mempolicy_home_node
#define __NR_set_mempolicy_home_node -1
#endif
#ifndef __NR_getrlimit
#define __NR_getrlimit -1
#endif
#ifndef __NR_setrlimit
#define __NR_setrlimit -1
#endif

static const long numbers[] = {
#define SYSCALL(name, returns, takes) __NR_##name,
#include "syscalls.def"
#undef SYSCALL
};

static const bool pairs_are_aligned =
#if defined(__arm__) || (defined(__mips__) && !defined(__mips64)) || (defined(__powerpc__) && !defined(__powerpc64__))
	true;
#else
	false;
#endif

/* On 32 bits a 64-bit offset takes two registers, in memory order, on some targets an even-odd pair. */
static int spread(enum call_number number, const long long args[6], long out[8])
{
	const char *takes = takes_of(number);
	int n = 0;

	for (int i = 0; i < 6; i++) {
		size_t length = strcspn(takes, " ");
		bool wide = sizeof(long) == 4 && length == 5 && strncmp(takes, "off64", 5) == 0;

		if (wide) {
			union {
				long long whole;
				long half[sizeof(long long) / sizeof(long)];
			} value = {args[i]};

			n += pairs_are_aligned && n % 2;
			out[n++] = value.half[0];
			out[n++] = value.half[sizeof(long long) / sizeof(long) - 1];
		} else {
			out[n++] = (long)args[i];
		}
		takes += length;
		takes += strspn(takes, " ");
	}
	return n;
}

long untraced_call(enum call_number number, const long long args[6])
{
	long a[16] = {0}, result;

	if (numbers[number] < 0) /* ARM's kernel answers number -1 with the first argument */
		return -ENOSYS;
	spread(number, args, a);
	if (number == CALL_mmap)
		a[5] = (long)(args[5] / MMAP_OFFSET_UNIT);
	result = syscall(numbers[number], a[0], a[1], a[2], a[3], a[4], a[5]);
	return result == -1 ? -errno : result;
}

/* Addresses that the call made or unmade get, or lose, their letter. */
static void follow(enum call_number number, const long long args[6], long result)
{
	unsigned long to = (unsigned long)result, from = (unsigned long)args[0], size = (unsigned long)args[1];
	bool chosen = to != from; /* by the kernel, not by us */

	if (failed_with(result))
		return;
	if (number == CALL_munmap || (number == CALL_mremap && chosen && size && !(args[3] & MREMAP_DONTUNMAP)))
		forget_region(from, size);
	if (number == CALL_mremap) {
		size = (unsigned long)args[2];
		chosen = chosen && !(args[3] & MREMAP_FIXED);
	} else if (number == CALL_shmat) {
		from = (unsigned long)args[1];
		chosen = !from;
		size = page_size;
	} else if (number != CALL_mmap && number != CALL_map_shadow_stack) {
		return;
	}
	if (chosen || !inside_region(to))
		name_region(to, size);
}

long traced_call(enum call_number number, const long long args[6])
{
	char line[512];
	long result = untraced_call(number, args);

	follow(number, args, result);
	if (muted)
		return result;
	call_text(line, sizeof(line), number, args, result);
	trace_line(line);
	return result;
}

long call_by_number(long number, unsigned long arg)
{
	long result = syscall(number, arg, arg, arg, arg, arg, arg);

	return result == -1 ? -errno : result;
}
