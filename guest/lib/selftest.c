/* The tracer on made-up calls: what it prints does not depend on the kernel. Compared with tests/golden/. */
#include <errno.h>
#include <stdio.h>
#include <linux/shm.h>
#include "internal.h"
#include "newer.h"
#include "run.h"

static void show(enum call_number number, const long long args[6], long result)
{
	char text[512];

	call_text(text, sizeof(text), number, args, result);
	dprintf(1, "%s\n", text);
}

#define SHOW(name, result, ...) show(CALL_##name, (long long[6]){ARGS_EACH(__VA_ARGS__)}, (long)(result))

static void show_flags(char *a)
{
	SHOW(mmap, -EOPNOTSUPP, NOWHERE, pages(1), RW, MAP_SHARED_VALIDATE | MAP_SYNC, 3, 0);
	SHOW(mmap, a, NOWHERE, pages(4), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, pages(2));
	SHOW(mmap, -EINVAL, a, 0, PROT_EXEC | 0x40000000, 0x04 | MAP_ANONYMOUS, -1, 0);
	SHOW(mmap, -ENOMEM, NULL, pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1,
		0);
	SHOW(mmap, -EINVAL, NULL, pages(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_UNINITIALIZED, -1, 0);
	SHOW(mprotect, 0, a, pages(1), PROT_READ | PROT_GROWSDOWN);
	SHOW(madvise, -EINVAL, a + 1, pages(2) + 1, 30);
	SHOW(madvise, 0, a + pages(1), pages(2), MADV_POPULATE_WRITE);
	SHOW(mlockall, 0, MCL_CURRENT | MCL_ONFAULT);
	SHOW(msync, -ENOMEM, a - pages(2), pages(1) - 1, MS_SYNC | 0x100);
}

static void show_values(char *a, char *b)
{
	SHOW(mremap, b, a, pages(2), pages(4), MREMAP_MAYMOVE | MREMAP_FIXED, b);
	SHOW(mremap, -EFAULT, a + pages(4) + 16, pages(2), (size_t)-1, 8, pages(1));
	SHOW(brk, b, NULL);
	SHOW(munmap, 0, b + 5, (size_t)-1 - page_size);
	SHOW(process_vm_readv, pages(1), 1, a, 1, &a, 1, 0);
	SHOW(memfd_create, 3, "name", MFD_CLOEXEC | MFD_HUGETLB | 30u << MFD_HUGE_SHIFT);
	SHOW(mbind, -EIO, a, pages(1), MPOL_BIND | MPOL_F_STATIC_NODES, &b, 8, MPOL_MF_STRICT | MPOL_MF_MOVE);
	SHOW(openat, -ENOENT, AT_FDCWD, "/nowhere", O_RDWR | O_CREAT, 0600);
	SHOW(shmget, 5, IPC_PRIVATE, pages(1), 0600 | 01000);
	SHOW(shmctl, -EPERM, 5, SHM_LOCK, NULL);
	SHOW(ftruncate, -133, 3, (long long)1 << 40);
	SHOW(munlockall, -4000);
	SHOW(pkey_mprotect, 0, a, pages(1), PROT_READ | PROT_WRITE | PROT_EXEC, -1);
	SHOW(userfaultfd, 4, UFFD_USER_MODE_ONLY | O_CLOEXEC);
	SHOW(ioctl, -EINVAL, 4, UFFDIO_API, &a);
	SHOW(getpid, 1);
}

int selftest(void)
{
	char *a = (char *)0x40000000, *b = (char *)0x50000000;

	page_size = 4096; /* the same text on every page size */
	name_region((unsigned long)a, pages(4));
	name_region((unsigned long)b, pages(4));
	show_flags(a);
	show_values(a, b);
	forget_region((unsigned long)b, pages(4));
	SHOW(munmap, 0, b, pages(4));
	name_region((unsigned long)b + pages(1), pages(1));
	SHOW(munmap, 0, b + pages(1), pages(1));
	return 0;
}
