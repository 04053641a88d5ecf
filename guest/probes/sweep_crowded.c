/* Calls at the limit of mappings, vm.max_map_count, on the middle one of five pages; most split a mapping. */
#include <linux/shm.h>
#include "halfway.h"
#include "place.h"
#include "userfault.h"

enum { MAPPINGS = 1000, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

/* Every second page of it may be mapped: a mapping each, so many that `spare` more are allowed. */
static struct {
	char *at;
	long mapped, spare;
} crowd;

static long crowd_page(void)
{
	return quiet_call(mmap, crowd.at + pages(2 * crowd.mapped), page_size, PROT_READ, ANON | MAP_FIXED, -1, 0);
}

static void thin(long n)
{
	for (; n > 0; n--)
		quiet_call(munmap, crowd.at + pages(2 * --crowd.mapped), page_size);
}

/* Around one act only, so that the probe itself has room. */
static void impose(void)
{
	while (crowd.mapped <= MAPPINGS && !failed(crowd_page()))
		crowd.mapped++;
	thin(crowd.spare);
}

static void lift(void)
{
	thin(16);
}

static long limited;
#define LIMITED(act) (impose(), limited = (long)(act), lift(), limited)

static const char *map_new(char *at, long flags)
{
	long got = LIMITED(call(mmap, space(1), page_size, RW, flags | MAP_ANONYMOUS, -1, 0));

	(void)at;
	if (!failed(got))
		quiet_call(munmap, got, page_size);
	return outcome(got);
}

static const char *map_over(char *at, long prot)
{
	return outcome(LIMITED(call(mmap, at + pages(ODD), page_size, prot, ANON | MAP_FIXED, -1, 0)));
}

static const char *attach(char *at, long flags)
{
	int id = shm_segment(1, 0);
	long got = LIMITED(call(shmat, id, at + pages(ODD), flags));

	quiet_call(shmctl, id, 0 /* IPC_RMID */, NULL);
	return outcome(got);
}

static const char *expand_heap(char *at, long n)
{
	long now = quiet_call(brk, NULL), then = LIMITED(call(brk, now + (long)pages(n)));

	(void)at;
	quiet_call(brk, now);
	return then == now ? "refused" : "ok";
}

/* ---- the pages that are there ---- */
static const char *protect(char *at, long prot)
{
	return outcome(LIMITED(call(mprotect, at + pages(ODD), page_size, prot)));
}

static const char *protect_first(char *at, long prot)
{
	return outcome(LIMITED(call(mprotect, at, page_size, prot)));
}

static const char *unmap(char *at, long first)
{
	return outcome(LIMITED(call(munmap, at + pages(first), page_size)));
}

static const char *lock(char *at, long flags)
{
	return outcome(LIMITED(call(mlock2, at + pages(ODD), page_size, flags)));
}

static const char *advise(char *at, long advice)
{
	return outcome(LIMITED(call(madvise, at + pages(ODD), page_size, advice)));
}

static const char *bind(char *at, long flags)
{
	return outcome(LIMITED(bind_pages(at + pages(ODD), 1, MPOL_BIND, 1, (int)flags)));
}

static const char *seal(char *at, long flags)
{
	return outcome(LIMITED(call(mseal, at + pages(ODD), page_size, flags)));
}

static const char *watch(char *at, long mode)
{
	int fd = userfault(0, 0);
	const char *seen;

	if (failed(fd))
		return outcome(fd);
	seen = outcome(LIMITED(uffd_register(fd, at + pages(ODD), page_size, (uint64_t)mode)));
	quiet_call(close, fd);
	return seen;
}

static const char *give_name(char *at, long unused)
{
	(void)unused;
	return outcome(
		LIMITED(call(prctl, PR_SET_VMA, 0 /* PR_SET_VMA_ANON_NAME */, at + pages(ODD), page_size, "farm")));
}

/* A part of them, elsewhere: `shape` is how many pages it is to have there, and the flags above it. */
#define SHAPE(n, flags) ((n) | (flags) << 8)
static const char *move(char *at, long shape)
{
	long n = shape & 0xff, flags = shape >> 8;
	char *to = space(ROW);
	long got = LIMITED(call(mremap, at + pages(ODD), page_size, pages(n), flags, to));

	quiet_call(munmap, to, pages(ROW));
	if (!failed(got) && !(flags & MREMAP_FIXED) && address(got) != at + pages(ODD))
		quiet_call(munmap, got, pages(n));
	return outcome(got);
}

static const char *shrink_middle(char *at, long unused)
{
	(void)unused;
	return outcome(LIMITED(call(mremap, at + pages(1), pages(3), page_size, 0, NOWHERE)));
}

static const struct attempt attempts[] = {
	{"mmap", map_new, MAP_PRIVATE},
	{"mmap_shared", map_new, MAP_SHARED},
	{"mmap_fixed_over", map_over, PROT_READ},
	{"shmat_remap", attach, SHM_REMAP},
	{"brk", expand_heap, 1},
	{"mprotect", protect, PROT_READ},
	{"mprotect_as_it_is", protect, RW},
	{"mprotect_first", protect_first, PROT_READ},
	{"munmap", unmap, ODD},
	{"munmap_first", unmap, 0},
	{"munmap_last", unmap, ROW - 1},
	{"mlock", lock, 0},
	{"mlock2_onfault", lock, MLOCK_ONFAULT},
	{"mremap_shrink", shrink_middle, 0},
	{"mremap_move", move, SHAPE(1, MREMAP_MAYMOVE | MREMAP_FIXED)},
	{"mremap_grow_elsewhere", move, SHAPE(2, MREMAP_MAYMOVE | MREMAP_FIXED)},
	{"mremap_dontunmap", move, SHAPE(1, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)},
	{"mbind", bind, 0},
	{"mbind_move", bind, MPOL_MF_MOVE},
	{"uffd_register", watch, UFFDIO_REGISTER_MODE_MISSING},
	{"uffd_register_wp", watch, UFFDIO_REGISTER_MODE_WP},
	{"pr_set_vma_name", give_name, 0},
	{"madv_random", advise, 1},
	{"madv_dontneed", advise, 4},
	{"madv_dontfork", advise, 10},
	{"madv_mergeable", advise, 12},
	{"madv_hugepage", advise, 14},
	{"madv_nohugepage", advise, 15},
	{"madv_dontdump", advise, 16},
	{"madv_wipeonfork", advise, 18},
	{"madv_guard_install", advise, 102},
	{NULL, NULL, 0},
};

/* What is sealed stays: in a process of its own. */
static const struct attempt seals[] = {
	{"mseal", seal, 0},
	{NULL, NULL, 0},
};

static char *row(void)
{
	return anon(ROW, 'k');
}

static void with_spare(long spare, const struct attempt *asked, bool apart)
{
	size_t bytes = pages(2 * (MAPPINGS + 1));

	crowd.spare = spare;
	crowd.at = address(quiet_call(mmap, NOWHERE, bytes, PROT_NONE, ANON | MAP_NORESERVE, -1, 0));
	if (failed(crowd.at))
		broken("mmap of %zu bytes: %s", bytes, outcome(crowd.at));
	quiet_call(munmap, crowd.at, bytes);
	set_knob("/proc/sys/vm/max_map_count", textf("%d", MAPPINGS));
	halfway(asked, row, apart);
}

PROBE(sweep__crowded__none_left)
{
	with_spare(0, attempts, false);
}

PROBE(sweep__crowded__one_left)
{
	with_spare(1, attempts, false);
}

PROBE(sweep__crowded__two_left)
{
	with_spare(2, attempts, false);
}

PROBE(sweep__crowded__seal)
{
	with_spare(2, seals, true);
}
