#include "place.h"
#include "newer.h"

static const char *status_text(int status)
{
	return status < 0 ? outcome((long)status) : textf("%d", status);
}

/* move_pages of one page with these flags: the status, or the call's errno */
static const char *moved_with(void *at, int node, int flags)
{
	void *one[] = {at};
	int nodes[] = {node}, status = -22;
	long result = call(move_pages, 0, 1, one, nodes, &status, flags);

	if (failed(result))
		return outcome(result);
	return status_text(status);
}

PROBE(migrate__move_pages_query__touched_page)
{
	saw("node", node_of(anon(1, 'k')));
}

PROBE(migrate__move_pages_query__untouched_page)
{
	saw("node", node_of(anon(1, 0)));
}

PROBE(migrate__move_pages_query__zero_page)
{
	char *at = anon(1, 0);

	peek(at);
	saw("node", node_of(at));
}

PROBE(migrate__move_pages_query__unmapped)
{
	saw("node", node_of(space(1)));
}

PROBE(migrate__move_pages_query__no_access)
{
	char *at = anon(1, 'k');

	call(mprotect, at, pages(1), PROT_NONE);
	saw("node", node_of(at));
}

PROBE(migrate__move_pages_query__in_swap)
{
	char *at;

	swap_is_on(16);
	at = anon(1, 'k');
	call(madvise, at, pages(1), MADV_PAGEOUT);
	saw("node", node_of(at));
}

PROBE(migrate__move_pages_query__file_page)
{
	char *at = mapped(scratch_file(2, 'f'), 2, PROT_READ, MAP_SHARED);

	call(madvise, at, pages(2), MADV_RANDOM);
	peek(at);
	saw("touched", node_of(at));
	call(madvise, at + pages(1), pages(1), MADV_DONTNEED);
	saw("untouched", node_of(at + pages(1)));
}

PROBE(migrate__move_pages_query__several)
{
	char *at = anon(2, 'k');
	void *many[] = {at, space(1), at + pages(1)};
	int status[3] = {-22, -22, -22};

	saw("move_pages", outcome(call(move_pages, 0, 3, many, NOWHERE, status, 0)));
	saw("first", status[0]);
	saw("second", outcome((long)status[1]));
	saw("third", status[2]);
}

PROBE(migrate__move_pages_query__none)
{
	saw("no_pages", outcome(call(move_pages, 0, 0, NOWHERE, NOWHERE, NOWHERE, 0)));
}

PROBE(migrate__move_pages_query__bad_pointers)
{
	void *one[] = {anon(1, 'k')};
	int status = 0;

	saw("pages", outcome(call(move_pages, 0, 1, space(1), NOWHERE, &status, 0)));
	saw("status", outcome(call(move_pages, 0, 1, one, NOWHERE, space(1), 0)));
	saw("nodes", outcome(call(move_pages, 0, 1, one, space(1), &status, MPOL_MF_MOVE)));
}

PROBE(migrate__move_pages_query__flags)
{
	void *one[] = {anon(1, 'k')};
	int status = 0;

	saw("strict", outcome(call(move_pages, 0, 1, one, NOWHERE, &status, MPOL_MF_STRICT)));
	saw("bit_3", outcome(call(move_pages, 0, 1, one, NOWHERE, &status, 8)));
	saw("high", outcome(call(move_pages, 0, 1, one, NOWHERE, &status, 1 << 16)));
}

PROBE(migrate__move_pages_query__page_in_huge_mapping)
{
	char *at = anon(1024, 0);

	thp("always");
	poke(at, 'k');
	saw("first", node_of(at));
	saw("inside", node_of(at + pages(5)));
}

PROBE(migrate__move_pages__to_other_node)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	bind_pages(at, 1, MPOL_BIND, 1, MPOL_MF_MOVE);
	saw("before", node_of(at));
	saw("status", move_to(at, 1));
	saw("after", node_of(at));
	saw("contents", peek(at));
}

PROBE(migrate__move_pages__to_same_node)
{
	saw("status", move_to(anon(1, 'k'), 0));
}

PROBE(migrate__move_pages__untouched_page)
{
	saw("status", move_to(anon(1, 0), 0));
}

PROBE(migrate__move_pages__zero_page)
{
	char *at = anon(1, 0);

	peek(at);
	saw("status", move_to(at, 0));
}

PROBE(migrate__move_pages__unmapped)
{
	saw("status", move_to(space(1), 0));
}

PROBE(migrate__move_pages__node_without_memory)
{
	saw("status", move_to(anon(1, 'k'), 5));
}

PROBE(migrate__move_pages__node_out_of_range)
{
	char *at = anon(1, 'k');

	saw("negative", move_to(at, -1));
	saw("large", move_to(at, 1 << 20));
}

PROBE(migrate__move_pages__bad_node_among_good)
{
	on_cpu(0);
	char *at = anon(3, 'k');
	void *many[] = {at, at + pages(1), at + pages(2)};
	int nodes[] = {1, 77, 1}, status[] = {-22, -22, -22};

	saw("move_pages", outcome(call(move_pages, 0, 3, many, nodes, status, MPOL_MF_MOVE)));
	saw("first", node_of(at));
	saw("third", node_of(at + pages(2)));
}

PROBE(migrate__move_pages__hole_among_good)
{
	on_cpu(0);
	char *at = anon(2, 'k');
	void *many[] = {at, space(1), at + pages(1)};
	int nodes[] = {1, 1, 1}, status[] = {-22, -22, -22};

	saw("move_pages", outcome(call(move_pages, 0, 3, many, nodes, status, MPOL_MF_MOVE)));
	saw("status", outcome((long)status[1]));
	saw("first", node_of(at));
	saw("third", node_of(at + pages(1)));
}

PROBE(migrate__move_pages__same_page_twice)
{
	on_cpu(0);
	char *at = anon(1, 'k');
	void *many[] = {at, at};
	int nodes[] = {1, 1}, status[] = {-22, -22};

	saw("move_pages", outcome(call(move_pages, 0, 2, many, nodes, status, MPOL_MF_MOVE)));
	saw("first", status_text(status[0]));
	saw("second", status_text(status[1]));
}

PROBE(migrate__move_pages__locked)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	call(mlock, at, pages(1));
	saw("status", move_to(at, 1));
}

PROBE(migrate__move_pages__shared_by_fork)
{
	on_cpu(0);
	char *at = anon(1, 'k');
	int other = other_process();

	saw("move", moved_with(at, 1, MPOL_MF_MOVE));
	saw("move_all", moved_with(at, 1, MPOL_MF_MOVE_ALL));
	end_other(other);
}

PROBE(migrate__move_pages__shared_memory)
{
	on_cpu(0);
	char *at = shared_anon(1, 'k');

	saw("status", move_to(at, 1));
}

PROBE(migrate__move_pages__file_page)
{
	on_cpu(0);
	char *at = mapped(ext4_file(1, 'f'), 1, PROT_READ, MAP_SHARED);

	peek(at);
	saw("status", move_to(at, 1));
}

PROBE(migrate__move_pages__no_access)
{
	on_cpu(0);
	char *at = anon(1, 'k');

	call(mprotect, at, pages(1), PROT_NONE);
	saw("status", move_to(at, 1));
}

PROBE(migrate__move_pages__secret_memory)
{
	on_cpu(0);
	int fd = (int)call(memfd_secret, 0);
	char *at;

	saw("memfd_secret", failed(fd) ? outcome(fd) : "ok");
	if (failed(fd))
		return;
	call(ftruncate, fd, (long)pages(1));
	at = mapped(fd, 1, RW, MAP_SHARED);
	poke(at, 's');
	saw("node", node_of(at));
	saw("status", move_to(at, 1));
}

PROBE(migrate__move_pages_permission__move_all_as_user)
{
	char *at = anon(1, 'k');

	become_user();
	saw("move_all", moved_with(at, 0, MPOL_MF_MOVE_ALL));
	saw("move", moved_with(at, 0, MPOL_MF_MOVE));
}

PROBE(migrate__move_pages_permission__other_process)
{
	void *one[] = {anon(1, 'k')};
	int status = -22, pid = other_process();

	in_child {
		become_user();
		saw("other", outcome(call(move_pages, pid, 1, one, NOWHERE, &status, 0)));
		saw("missing", outcome(call(move_pages, 0x3ffffff, 1, one, NOWHERE, &status, 0)));
	}
	end_other(pid);
}

PROBE(migrate__move_pages_permission__root_asks_of_other)
{
	void *one[] = {anon(1, 'k')};
	int status = -22, pid = other_process();

	saw("move_pages", outcome(call(move_pages, pid, 1, one, NOWHERE, &status, 0)));
	saw("node", status);
	end_other(pid);
}
