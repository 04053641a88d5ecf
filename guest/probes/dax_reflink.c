/* Files that share blocks, on xfs with DAX. */
#include "dax.h"

enum { CLONE = 0x40049409 /* FICLONE, linux/fs.h; not on mips and powerpc, which have no such variant */ };

static int source, clone;

/* Two files of one content on the spare file system, mounted with DAX; false where there are none. */
static bool cloned(void)
{
	const char *answer = mount_spare("dax=always");

	saw("mount", answer);
	if (strcmp(answer, "ok") != 0)
		return false;
	source = dax_file(2, 'd');
	clone = dax_file(1, 0);
	answer = outcome(call(ioctl, clone, CLONE, (long)source));
	saw("clone", answer);
	return strcmp(answer, "ok") == 0;
}

PROBE(dax__reflink__clone)
{
	if (!cloned())
		return;
	saw("source_dax", is_dax(source));
	saw("clone_dax", is_dax(clone));
	saw("content", contents(mapped(clone, 2, RW, MAP_SHARED), 2));
}

PROBE(dax__reflink__one_frame_for_both)
{
	char *one, *two;

	if (!cloned())
		return;
	one = mapped(source, 2, RW, MAP_SHARED);
	two = mapped(clone, 2, RW, MAP_SHARED);
	contents(one, 2);
	contents(two, 2);
	saw("same_frame", yes(frame_of(one) == frame_of(two)));
}

PROBE(dax__reflink__write_is_copied)
{
	char *one, *two;
	unsigned long frame;

	if (!cloned())
		return;
	one = mapped(source, 2, RW, MAP_SHARED);
	two = mapped(clone, 2, RW, MAP_SHARED);
	contents(one, 2);
	contents(two, 2);
	frame = frame_of(two);
	saw("write", poke(two, 'w'));
	saw("source", contents(one, 2));
	saw("clone_is", contents(two, 2));
	saw("moved", yes(frame != frame_of(two)));
}

PROBE(dax__reflink__sync_write)
{
	char *at;

	if (!cloned())
		return;
	at = address(call(mmap, space(2), pages(2), RW, MAP_SHARED_VALIDATE | MAP_SYNC, clone, 0));
	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("write", poke(at, 'w'));
	saw("source", file_byte(source, 0));
	saw("clone_is", file_byte(clone, 0));
}

PROBE(dax__reflink__written_to_the_source)
{
	char *one, *two;

	if (!cloned())
		return;
	one = mapped(source, 2, RW, MAP_SHARED);
	two = mapped(clone, 2, RW, MAP_SHARED);
	contents(two, 2);
	saw("write", poke(one + pages(1), 'w'));
	saw("source", contents(one, 2));
	saw("clone_is", contents(two, 2));
}

PROBE(dax__reflink__cloned_while_mapped)
{
	char *at;
	int other;

	if (!cloned())
		return;
	at = mapped(source, 2, RW, MAP_SHARED);
	poke_pages(at, 2, 'w');
	other = dax_file(1, 0);
	saw("again", outcome(call(ioctl, other, CLONE, (long)source)));
	saw("write", poke(at, 'n'));
	saw("source", contents(at, 2));
	saw("other", contents(mapped(other, 2, RW, MAP_SHARED), 2));
}
