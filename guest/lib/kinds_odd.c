/* The makers of those kinds in tables/kinds.def that other parts of the kernel make, watch or hold on to. */
#include <unistd.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include "internal.h"
#include "sweep.h"
#include "transparent.h"
#include "userfault.h"

/* A file of two pages: what is mapped behind its end is SIGBUS. */
const char *make_beyond_end(struct ground *ground)
{
	ground->fd = scratch_file(UNITS / 2, 'k');
	return here(ground, address(call(mmap, space(UNITS), pages(UNITS), RW, MAP_SHARED, ground->fd, 0)));
}

static const char *memfd_registered(struct ground *ground, uint64_t mode, uint64_t features)
{
	int fd = userfault(0, UFFD_FEATURE_SIGBUS | features);

	if (failed(fd))
		return outcome(fd);
	ground->other_fd = fd;
	ground->fd = memfd("sweep", UNITS, 'k', 0);
	here(ground, address(call(mmap, space(UNITS), pages(UNITS), RW, MAP_SHARED, ground->fd, 0)));
	return outcome(uffd_register(fd, ground->at, pages(UNITS), mode));
}

const char *make_uffd_minor(struct ground *ground)
{
	return memfd_registered(ground, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
}

const char *make_uffd_wp_shared(struct ground *ground)
{
	return memfd_registered(
		ground, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
}

static int ring_fd(void)
{
	static struct io_uring_params params;

	params = (struct io_uring_params){0};
	return (int)call(io_uring_setup, 1, &params);
}

const char *make_pinned(struct ground *ground)
{
	struct {
		void *base;
		size_t length;
	} buffer;

	ground->other_fd = ring_fd();
	if (failed(ground->other_fd))
		return outcome(ground->other_fd);
	make_anon_private(ground);
	buffer.base = ground->at;
	buffer.length = pages(UNITS);
	return outcome(call(io_uring_register, ground->other_fd, IORING_REGISTER_BUFFERS, &buffer, 1));
}

/* A page about the buffer, and four of buffer: the kernel's own words. */
const char *make_perf_buffer(struct ground *ground)
{
	struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = PERF_ATTR_SIZE_VER0, .disabled = 1};

	event.config = PERF_COUNT_SW_DUMMY;
	ground->opaque = true;
	ground->fd = (int)call(perf_event_open, &event, 0, -1, -1, 0);
	if (failed(ground->fd))
		return outcome(ground->fd);
	return here(ground, address(call(mmap, space(UNITS + 1), pages(UNITS + 1), RW, MAP_SHARED, ground->fd, 0)));
}

const char *make_pkey(struct ground *ground)
{
	static long key = -1;

	if (key < 0)
		key = call(pkey_alloc, 0, 0);
	if (failed(key))
		return outcome(key);
	make_anon_private(ground);
	return outcome(call(pkey_mprotect, ground->at, pages(UNITS), RW, key));
}

const char *make_shm_locked(struct ground *ground)
{
	int id = shm_segment(UNITS, 0);
	long result = call(shmctl, id, 11 /* SHM_LOCK */, NULL);

	here(ground, shm_attached(id, 0));
	call(shmctl, id, 0 /* IPC_RMID */, NULL);
	return written(ground, outcome(result));
}

static const char *huge_file(struct ground *ground, int fd)
{
	size_t size = huge_size();
	char *at;

	if (failed(fd))
		return outcome(fd);
	ground->unit = size;
	ground->fd = fd;
	call(ftruncate, fd, (long long)(UNITS * size));
	at = address(call(mmap, space_of(UNITS * size, size), UNITS * size, RW, MAP_SHARED, fd, 0));
	for (int i = 0; i < UNITS && !failed(at); i++)
		memset(at + (size_t)i * size, 'k' + i, page_size);
	return here(ground, at);
}

const char *make_memfd_huge(struct ground *ground)
{
	return huge_file(ground, (int)call(memfd_create, "sweep", MFD_HUGETLB));
}

/* One huge page of a memory file, in quarters. */
const char *make_thp_shared(struct ground *ground)
{
	static bool on;
	size_t size = huge_size();
	char *at = space_of(size, size);

	if (!on)
		set_knob(THP "shmem_enabled", "force");
	on = true;
	ground->unit = size / UNITS;
	ground->fd = (int)call(memfd_create, "sweep", 0);
	call(ftruncate, ground->fd, (long long)size);
	at = address(call(mmap, at, size, RW, MAP_SHARED, ground->fd, 0));
	for (int i = 0; i < UNITS && !failed(at); i++)
		memset(at + (size_t)i * ground->unit, 'k' + i, page_size);
	return here(ground, at);
}

/* A device of persistent memory is mapped in huge pages of the size it was made for. */
const char *make_device_dax(struct ground *ground)
{
	ground->unit = 2 << 20;
	ground->shares_fd = false;
	ground->fd = (int)call(openat, AT_FDCWD, "/dev/dax0.0", O_RDWR, 0);
	if (failed(ground->fd))
		return outcome(ground->fd);
	here(ground, address(call(mmap, space_of(UNITS * ground->unit, ground->unit), UNITS * ground->unit, RW,
			     MAP_SHARED, ground->fd, 0)));
	for (int i = 0; i < UNITS && ground->at; i++)
		memset(ground->at + (size_t)i * ground->unit, 'k' + i, page_size);
	return ground->at ? "ok" : "refused";
}
