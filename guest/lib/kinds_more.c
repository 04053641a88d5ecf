/* The makers of those kinds in tables/kinds.def that are not files: special memory, and advised or changed mappings. */
#include <stdlib.h>
#include <sys/auxv.h>
#include "internal.h"
#include "sweep.h"
#include "userfault.h"

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
