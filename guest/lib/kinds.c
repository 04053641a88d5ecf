/* The makers of the kinds of mapping in tables/kinds.def that are plain memory and files: four units each, filled from
 * 'k'. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "internal.h"
#include "sweep.h"

const char *here(struct ground *ground, char *at)
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

const char *written(struct ground *ground, const char *made)
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

static const char *of_dax(struct ground *ground, int flags)
{
	ground->dax = true;
	return written(ground, of_kept_file(ground, dax_file, 'a', RW, flags));
}

const char *make_dax_shared(struct ground *ground)
{
	return of_dax(ground, MAP_SHARED);
}

const char *make_dax_private(struct ground *ground)
{
	return of_dax(ground, MAP_PRIVATE);
}

const char *make_dax_sync(struct ground *ground)
{
	return of_dax(ground, MAP_SHARED_VALIDATE | MAP_SYNC);
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
