/* A range of five pages whose third is another: how far each call comes, and what it leaves behind. */
#include "halfway.h"
#include "operate.h"
#include "place.h"
#include "userfault.h"

/* ---- the odd page ---- */
static char *row(void)
{
	return anon(ROW, 'k');
}

static char *with(int fd, int prot, int flags)
{
	char *at = row();
	long result = failed(fd) ? fd : call(mmap, at + pages(ODD), page_size, prot, flags | MAP_FIXED, fd, 0);

	if (fd >= 0)
		quiet_call(close, fd);
	return failed(result) ? NULL : at;
}

static char *hole(void)
{
	char *at = row();

	call(munmap, at + pages(ODD), page_size);
	return at;
}

static char *inaccessible(void)
{
	char *at = row();

	call(mprotect, at + pages(ODD), page_size, PROT_NONE);
	return at;
}

static char *file_read_only(void)
{
	int fd = scratch_file(1, 'f');

	reopen(fd, O_RDONLY);
	return with(fd, PROT_READ, MAP_SHARED);
}

static char *file_shared(void)
{
	return with(scratch_file(1, 'f'), RW, MAP_SHARED);
}

static char *beyond_end(void)
{
	return with(scratch_file(0, 0), RW, MAP_SHARED);
}

static char *secret(void)
{
	int fd = (int)call(memfd_secret, 0);

	if (!failed(fd))
		call(ftruncate, fd, (long long)page_size);
	return with(fd, RW, MAP_SHARED);
}

static char *droppable(void)
{
	return with(-1, RW, MAP_DROPPABLE | MAP_ANONYMOUS);
}

static char *guarded(void)
{
	char *at = row();

	return failed(call(madvise, at + pages(ODD), page_size, MADV_GUARD_INSTALL)) ? NULL : at;
}

static char *locked(void)
{
	char *at = row();

	return failed(call(mlock, at + pages(ODD), page_size)) ? NULL : at;
}

static char *sealed(void)
{
	char *at = row();

	return failed(call(mseal, at + pages(ODD), page_size, 0)) ? NULL : at;
}

/* ---- the attempts ---- */
static const char *advise(char *at, long advice)
{
	return outcome(call(madvise, at, pages(ROW), advice));
}

static const char *advise_vector(char *at, long advice)
{
	struct vector each[ROW];
	long self = call(pidfd_open, quiet_call(getpid), 0), result;

	for (int i = 0; i < ROW; i++)
		each[i] = (struct vector){at + pages(i), page_size};
	result = call(process_madvise, self, each, ROW, advice, 0);
	quiet_call(close, self);
	return failed(result) ? outcome(result) : textf("%ldp", result / (long)page_size);
}

static const char *protect(char *at, long prot)
{
	return outcome(call(mprotect, at, pages(ROW), prot));
}

static const char *lock(char *at, long flags)
{
	return outcome(call(mlock2, at, pages(ROW), flags));
}

static const char *unlock(char *at, long unused)
{
	(void)unused;
	return outcome(call(munlock, at, pages(ROW)));
}

static const char *sync(char *at, long flags)
{
	return outcome(call(msync, at, pages(ROW), flags));
}

static const char *in_core(char *at, long unused)
{
	unsigned char there[ROW];
	char text[ROW + 1] = "";
	long result;

	(void)unused;
	memset(there, 8, sizeof(there));
	result = call(mincore, at, pages(ROW), there);
	for (int i = 0; i < ROW; i++)
		text[i] = there[i] == 8 ? '.' : there[i] & 1 ? '1' : '0';
	return textf("%s says %s", outcome(result), text);
}

static const char *bind(char *at, long flags)
{
	return outcome(bind_pages(at, ROW, MPOL_BIND, 1, (int)flags));
}

static const char *place(char *at, long flags)
{
	void *page[ROW];
	int node[ROW] = {0}, status[ROW];
	char text[80] = "";
	long result;

	for (int i = 0; i < ROW; i++) {
		page[i] = at + pages(i);
		status[i] = -1000;
	}
	result = call(move_pages, 0, ROW, page, flags ? node : NULL, status, flags);
	for (int i = 0; i < ROW; i++) {
		const char *each = status[i] == -1000 ? "."
				   : status[i] < 0    ? outcome(status[i])
						      : textf("%d", status[i]);

		strcat(strcat(text, " "), each);
	}
	return textf("%s:%s", outcome(result), text);
}

static const char *unmap(char *at, long unused)
{
	(void)unused;
	return outcome(call(munmap, at, pages(ROW)));
}

static const char *map_over(char *at, long flags)
{
	return outcome(call(mmap, at, pages(ROW), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0));
}

static const char *resize(char *at, long n)
{
	long result = call(mremap, at, pages(ROW), pages(n), MREMAP_MAYMOVE);

	return failed(result) ? outcome(result) : address(result) == at ? "stays" : "moves";
}

static const char *move(char *at, long flags)
{
	char *to = space(ROW);
	long result = call(mremap, at, pages(ROW), pages(ROW), flags | MREMAP_MAYMOVE | MREMAP_FIXED, to);

	if (!failed(result))
		return textf("ok %s", contents(to, ROW));
	return textf("%s %s", outcome(result), contents(to, ROW));
}

static const char *seal(char *at, long flags)
{
	return outcome(call(mseal, at, pages(ROW), flags));
}

static const char *protect_no_key(char *at, long prot)
{
	return outcome(call(pkey_mprotect, at, pages(ROW), prot, -1));
}

static const char *copied(long result)
{
	return failed(result) ? outcome(result) : textf("%ldp", result / (long)page_size);
}

static const char *vm_copy(char *at, long write)
{
	static char buffer[ROW * 65536];
	struct vector mine = {buffer, pages(ROW)}, theirs = {at, pages(ROW)};

	return copied(write ? call(process_vm_writev, quiet_call(getpid), &mine, 1, &theirs, 1, 0)
			    : call(process_vm_readv, quiet_call(getpid), &mine, 1, &theirs, 1, 0));
}

static const char *mem_copy(char *at, long write)
{
	static char buffer[ROW * 65536];
	int fd = (int)call(openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0);
	long result = write ? call(pwrite64, fd, buffer, pages(ROW), (long long)(uintptr_t)at)
			    : call(pread64, fd, buffer, pages(ROW), (long long)(uintptr_t)at);

	quiet_call(close, fd);
	return copied(result);
}

static const char *file_copy(char *at, long write)
{
	int fd = scratch_file(ROW, 's');
	long result = write ? call(pwrite64, fd, at, pages(ROW), 0LL) : call(pread64, fd, at, pages(ROW), 0LL);

	quiet_call(close, fd);
	return copied(result);
}

/* A userfaultfd over the whole range, then one of its ioctls. */
static const char *watch(char *at, long what)
{
	int fd = userfault(0, UFFD_FEATURE_SIGBUS);
	uint64_t mode = what == 'w' ? UFFDIO_REGISTER_MODE_WP : UFFDIO_REGISTER_MODE_MISSING;
	long result;

	if (failed(fd))
		return textf("userfaultfd %s", outcome(fd));
	result = uffd_register(fd, at, pages(ROW), mode);
	if (!failed(result) && what == 'w')
		result = uffd_writeprotect(fd, at, pages(ROW), UFFDIO_WRITEPROTECT_MODE_WP);
	if (!failed(result) && what == 'z') {
		call(madvise, at, page_size, MADV_DONTNEED);
		result = uffd_zeropage(fd, at, pages(ROW), 0);
	}
	quiet_call(close, fd);
	return outcome(result);
}

static const struct attempt attempts[] = {
	{"mprotect_none", protect, PROT_NONE},
	{"mprotect_read", protect, PROT_READ},
	{"mprotect_read_write", protect, RW},
	{"mprotect_read_exec", protect, PROT_READ | PROT_EXEC},
	{"pkey_mprotect", protect_no_key, PROT_READ},
	{"munmap", unmap, 0},
	{"mmap_fixed", map_over, MAP_FIXED},
	{"mmap_fixed_noreplace", map_over, MAP_FIXED_NOREPLACE},
	{"mlock", lock, 0},
	{"mlock2_onfault", lock, MLOCK_ONFAULT},
	{"munlock", unlock, 0},
	{"msync", sync, MS_SYNC},
	{"msync_invalidate", sync, MS_INVALIDATE},
	{"mincore", in_core, 0},
	{"mbind", bind, 0},
	{"mbind_move", bind, MPOL_MF_MOVE},
	{"mbind_strict", bind, MPOL_MF_STRICT},
	{"move_pages_query", place, 0},
	{"move_pages", place, MPOL_MF_MOVE},
	{"mremap_shrink", resize, ROW - 1},
	{"mremap_grow", resize, ROW + 1},
	{"mremap_move", move, 0},
	{"mremap_dontunmap", move, MREMAP_DONTUNMAP},
	{"process_vm_readv", vm_copy, 0},
	{"process_vm_writev", vm_copy, 1},
	{"proc_mem_read", mem_copy, 0},
	{"proc_mem_write", mem_copy, 1},
	{"read_into_it", file_copy, 0},
	{"write_from_it", file_copy, 1},
	{"uffd_register", watch, 'r'},
	{"uffd_zeropage", watch, 'z'},
	{"uffd_writeprotect", watch, 'w'},
	{"madv_random", advise, 1},
	{"madv_willneed", advise, 3},
	{"madv_dontneed", advise, 4},
	{"madv_free", advise, 8},
	{"madv_remove", advise, 9},
	{"madv_dontfork", advise, 10},
	{"madv_dofork", advise, 11},
	{"madv_mergeable", advise, 12},
	{"madv_unmergeable", advise, 13},
	{"madv_hugepage", advise, 14},
	{"madv_nohugepage", advise, 15},
	{"madv_dontdump", advise, 16},
	{"madv_dodump", advise, 17},
	{"madv_wipeonfork", advise, 18},
	{"madv_keeponfork", advise, 19},
	{"madv_cold", advise, 20},
	{"madv_pageout", advise, 21},
	{"madv_populate_read", advise, 22},
	{"madv_populate_write", advise, 23},
	{"madv_dontneed_locked", advise, 24},
	{"madv_collapse", advise, 25},
	{"madv_guard_install", advise, 102},
	{"madv_guard_remove", advise, 103},
	{"process_madvise_willneed", advise_vector, 3},
	{"process_madvise_dontneed", advise_vector, 4},
	{"process_madvise_cold", advise_vector, 20},
	{"process_madvise_guard_install", advise_vector, 102},
	{NULL, NULL, 0},
};

/* What is sealed stays: each in a process of its own. */
static const struct attempt seals[] = {
	{"mseal", seal, 0},
	{NULL, NULL, 0},
};

#define LAYOUT(name)                                                                                                   \
	PROBE(sweep__halfway__##name)                                                                                  \
	{                                                                                                              \
		halfway(attempts, name, false);                                                                        \
	}
LAYOUT(hole)
LAYOUT(inaccessible)
LAYOUT(file_read_only)
LAYOUT(file_shared)
LAYOUT(beyond_end)
LAYOUT(secret)
LAYOUT(droppable)
LAYOUT(guarded)
LAYOUT(locked)

PROBE(sweep__halfway__sealed)
{
	halfway(attempts, sealed, true);
}

PROBE(sweep__halfway__seal_over_hole)
{
	halfway(seals, hole, true);
}

PROBE(sweep__halfway__seal_over_file)
{
	halfway(seals, file_shared, true);
}
