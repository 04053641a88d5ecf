/* The makers of the kinds of mapping in tables/kinds.def: four units each, filled from 'k'. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/auxv.h>
#include "internal.h"
#include "sweep.h"
#include "userfault.h"

static const char *here(struct ground *ground, char *at)
{
	if (failed(at))
		return outcome(at);
	ground->at = at;
	return "ok";
}

static const char *of_file(struct ground *ground, int fd, int prot, int flags)
{
	char *at = space(UNITS);

	ground->fd = fd;
	return here(ground, address(call(mmap, at, pages(UNITS), prot, flags, fd, 0)));
}

/* The file is made once, and gets its content anew for each operation. */
static const char *of_kept_file(struct ground *ground, int (*new_file)(long, char), char letter, int prot, int flags)
{
	static int kept = -1;

	if (kept < 0)
		kept = new_file(UNITS, letter);
	write_pages(kept, UNITS, letter);
	ground->shares_fd = true;
	return of_file(ground, kept, prot, flags);
}

static const char *written(struct ground *ground, const char *made)
{
	if (strcmp(made, "ok") == 0)
		fill(ground->at, UNITS, 'k');
	return made;
}

const char *make_anon_private(struct ground *ground)
{
	return here(ground, anon(UNITS, 'k'));
}

const char *make_anon_shared(struct ground *ground)
{
	return here(ground, shared_anon(UNITS, 'k'));
}

const char *make_anon_untouched(struct ground *ground)
{
	return here(ground, anon(UNITS, 0));
}

static const char *protected(struct ground *ground, int prot)
{
	make_anon_private(ground);
	return outcome(call(mprotect, ground->at, pages(UNITS), prot));
}

const char *make_anon_read_only(struct ground *ground)
{
	return protected(ground, PROT_READ);
}

const char *make_anon_exec(struct ground *ground)
{
	return protected(ground, PROT_READ | PROT_EXEC);
}

const char *make_prot_none(struct ground *ground)
{
	return protected(ground, PROT_NONE);
}

const char *make_dev_zero(struct ground *ground)
{
	return written(ground, of_file(ground, open("/dev/zero", O_RDWR), RW, MAP_PRIVATE));
}

const char *make_memfd_shared(struct ground *ground)
{
	return written(ground, of_file(ground, memfd("sweep", UNITS, 'a', 0), RW, MAP_SHARED));
}

const char *make_memfd_private(struct ground *ground)
{
	return written(ground, of_file(ground, memfd("sweep", UNITS, 'a', 0), RW, MAP_PRIVATE));
}

const char *make_memfd_sealed(struct ground *ground)
{
	int fd = memfd("sweep", UNITS, 'k', MFD_ALLOW_SEALING);

	call(fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
	return of_file(ground, fd, PROT_READ, MAP_SHARED);
}

const char *make_memfd_secret(struct ground *ground)
{
	long fd = call(memfd_secret, 0);

	if (failed(fd))
		return outcome(fd);
	call(ftruncate, fd, pages(UNITS));
	return written(ground, of_file(ground, (int)fd, RW, MAP_SHARED));
}

const char *make_tmpfs_shared(struct ground *ground)
{
	return written(ground, of_file(ground, scratch_file(UNITS, 'a'), RW, MAP_SHARED));
}

const char *make_tmpfs_private(struct ground *ground)
{
	return written(ground, of_file(ground, scratch_file(UNITS, 'a'), RW, MAP_PRIVATE));
}

const char *make_ext4_shared(struct ground *ground)
{
	return written(ground, of_kept_file(ground, ext4_file, 'a', RW, MAP_SHARED));
}

const char *make_ext4_private(struct ground *ground)
{
	return written(ground, of_kept_file(ground, ext4_file, 'a', RW, MAP_PRIVATE));
}

const char *make_ext4_private_clean(struct ground *ground)
{
	return of_kept_file(ground, ext4_file, 'k', RW, MAP_PRIVATE);
}

const char *make_ext4_read_only(struct ground *ground)
{
	static int fd = -1;

	if (fd < 0) {
		fd = ext4_file(UNITS, 'k');
		reopen(fd, O_RDONLY);
	}
	ground->shares_fd = true;
	return of_file(ground, fd, PROT_READ, MAP_SHARED);
}

const char *make_dax_shared(struct ground *ground)
{
	return written(ground, of_kept_file(ground, dax_file, 'a', RW, MAP_SHARED));
}

const char *make_dax_private(struct ground *ground)
{
	return written(ground, of_kept_file(ground, dax_file, 'a', RW, MAP_PRIVATE));
}

const char *make_dax_sync(struct ground *ground)
{
	return written(ground, of_kept_file(ground, dax_file, 'a', RW, MAP_SHARED_VALIDATE | MAP_SYNC));
}

const char *make_hugetlb_private(struct ground *ground)
{
	ground->unit = huge_size();
	return here(ground, huge(UNITS, 'k', MAP_PRIVATE));
}

const char *make_hugetlb_shared(struct ground *ground)
{
	ground->unit = huge_size();
	return here(ground, huge(UNITS, 'k', MAP_SHARED));
}

const char *make_shm(struct ground *ground)
{
	int id = shm_segment(UNITS, 0);

	here(ground, shm_attached(id, 0));
	call(shmctl, id, 0 /* IPC_RMID: gone with its last attachment */, NULL);
	return written(ground, "ok");
}

/* munmap takes its pages away and leaves the break where it is: the next one lies behind. */
const char *make_heap(struct ground *ground)
{
	char *top = address(call(brk, NULL)), *at = top + (-(uintptr_t)top & (page_size - 1));

	if (address(call(brk, at + pages(UNITS))) != at + pages(UNITS))
		return "refused";
	name_region((unsigned long)at, pages(UNITS));
	return written(ground, here(ground, at));
}

const char *make_growsdown(struct ground *ground)
{
	return here(ground, anon_with(UNITS, 'k', RW, MAP_PRIVATE | MAP_GROWSDOWN));
}

static const char *kernels_own(struct ground *ground, char *at)
{
	ground->alone = ground->opaque = true;
	if (!at)
		return "absent";
	name_region((unsigned long)at, pages(1));
	ground->unit = page_size / UNITS; /* it may have one page only */
	return here(ground, at);
}

const char *make_vdso(struct ground *ground)
{
	return kernels_own(ground, (char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR));
}

/* The data pages lie right before the code on every architecture that has them. */
const char *make_vvar(struct ground *ground)
{
	char *code = (char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR), *at = code ? code - page_size : NULL;

	return kernels_own(ground, at && strncmp(mapping_name(at), "[vvar", 5) == 0 ? at : NULL);
}

const char *make_mlocked(struct ground *ground)
{
	make_anon_private(ground);
	return outcome(call(mlock, ground->at, pages(UNITS)));
}

const char *make_lock_on_fault(struct ground *ground)
{
	make_anon_untouched(ground);
	return outcome(call(mlock2, ground->at, pages(UNITS), MLOCK_ONFAULT));
}

static const char *advised(struct ground *ground, int advice)
{
	make_anon_private(ground);
	return outcome(call(madvise, ground->at, pages(UNITS), advice));
}

const char *make_dontfork(struct ground *ground)
{
	return advised(ground, MADV_DONTFORK);
}

const char *make_wipe_on_fork(struct ground *ground)
{
	return advised(ground, MADV_WIPEONFORK);
}

const char *make_thp(struct ground *ground)
{
	size_t size = huge_size();
	char *at = space((long)(3 * size / page_size)), *start = (char *)(((uintptr_t)at + size - 1) / size * size);

	static bool on;

	if (!on) /* once: what is set is put back when the probe ends */
		thp("always");
	on = true;
	ground->unit = size / UNITS;
	start = address(call(mmap, start, size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	for (int i = 0; i < UNITS && !failed(start); i++)
		memset(start + (size_t)i * ground->unit, 'k' + i, page_size);
	return here(ground, start);
}

static const char *registered(struct ground *ground, uint64_t mode, uint64_t features)
{
	int fd = userfault(0, UFFD_FEATURE_SIGBUS | features);

	if (failed(fd))
		return outcome(fd);
	ground->other_fd = fd;
	make_anon_private(ground);
	return outcome(uffd_register(fd, ground->at, pages(UNITS), mode));
}

const char *make_uffd_missing(struct ground *ground)
{
	return registered(ground, UFFDIO_REGISTER_MODE_MISSING, 0);
}

const char *make_uffd_wp(struct ground *ground)
{
	return registered(ground, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
}

const char *make_droppable(struct ground *ground)
{
	char *at = space(UNITS);

	return written(
		ground, here(ground, address(call(mmap, at, pages(UNITS), RW, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0))));
}

const char *make_guarded(struct ground *ground)
{
	make_anon_private(ground);
	return outcome(call(madvise, ground->at + page_size, page_size, MADV_GUARD_INSTALL));
}

const char *make_sealed(struct ground *ground)
{
	ground->stays = true;
	make_anon_private(ground);
	return outcome(call(mseal, ground->at, pages(UNITS), 0));
}

const char *make_hole(struct ground *ground)
{
	make_anon_private(ground);
	return outcome(call(munmap, ground->at + pages(2), page_size));
}

const char *make_anon_then_file(struct ground *ground)
{
	make_anon_private(ground);
	ground->fd = scratch_file(2, 'm');
	return outcome(call(mmap, ground->at + pages(2), pages(2), RW, MAP_SHARED | MAP_FIXED, ground->fd, 0));
}
