#include "probe.h"

PROBE(mmap__write_to_disk_directly__shared_validate)
{
	int fd = dax_file(2, 'd');
	char *at = address(call(mmap, space(2), pages(2), RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0));

	saw("mmap", outcome(at));
	if (failed(at))
		return;
	saw("vm_sync", vm_flag(at, "sf"));
	saw("write", poke(at, 'w'));
}
