#include "settle.h"

/* A poisoned page is lost to the guest until it reboots, so few probes poison, one page each. */
static bool poisoned(char *at)
{
	long result = call(madvise, at, pages(1), MADV_HWPOISON);

	saw("madvise", outcome(result));
	saw("signal", unasked());
	return !failed(result);
}

PROBE(madvise__poison_page__touch)
{
	char *at = anon(3, 'k');

	if (!poisoned(at + pages(1)))
		return;
	saw("read", peek(at + pages(1)));
	saw("others", contents(at, 3));
	saw("dontneed", outcome(call(madvise, at + pages(1), pages(1), MADV_DONTNEED)));
	saw("after", contents(at, 3));
}

PROBE(madvise__poison_page__populate_says_so)
{
	char *at = anon(1, 'k');

	if (!poisoned(at))
		return;
	saw("populate_read", outcome(call(madvise, at, pages(1), MADV_POPULATE_READ)));
	saw("populate_write", outcome(call(madvise, at, pages(1), MADV_POPULATE_WRITE)));
	saw("mincore", residency(at, 1));
	saw("write", outcome(call(write, scratch_file(1, 'a'), at, 1)));
}

PROBE(madvise__poison_page__child)
{
	char *at = anon(1, 'k');

	if (!poisoned(at))
		return;
	in_child
		saw("child", peek(at));
}

PROBE(madvise__poison_page__clean_file_page)
{
	char *at = mapped(ext4_file(2, 'a'), 2, PROT_READ, MAP_SHARED);

	contents(at, 2);
	if (poisoned(at))
		saw("after", contents(at, 2));
}

PROBE(madvise__poison_page__refusals)
{
	char *at = anon(1, 'k');

	saw("unmapped", outcome(call(madvise, space(1), pages(1), MADV_HWPOISON)));
	saw("no_access", outcome(call(madvise, anon_with(1, 0, PROT_NONE, MAP_PRIVATE), pages(1), MADV_HWPOISON)));
	saw("empty", outcome(call(madvise, at, 0, MADV_HWPOISON)));
	drop_capability(21); /* CAP_SYS_ADMIN */
	saw("without_capability", outcome(call(madvise, at, pages(1), MADV_HWPOISON)));
	saw("offline_without_capability", outcome(call(madvise, at, pages(1), MADV_SOFT_OFFLINE)));
}

PROBE(madvise__soft_offline_page__content_stays)
{
	char *at = anon(2, 'k');

	drain();
	saw("madvise", outcome(call(madvise, at, pages(1), MADV_SOFT_OFFLINE)));
	saw("after", contents(at, 2));
	saw("write", poke(at, 'w'));
}

PROBE(madvise__soft_offline_page__can_be_switched_off)
{
	char *at = anon(1, 'k');

	saw("knob", file_word("/proc/sys/vm/enable_soft_offline"));
	saw("off", try_knob("/proc/sys/vm/enable_soft_offline", "0"));
	drain();
	saw("madvise", outcome(call(madvise, at, pages(1), MADV_SOFT_OFFLINE)));
	saw("after", contents(at, 1));
}

PROBE(madvise__soft_offline_page__unmapped)
{
	saw("unmapped", outcome(call(madvise, space(1), pages(1), MADV_SOFT_OFFLINE)));
}
