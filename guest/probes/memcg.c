#include "place.h"
#include "newer.h"

#define MIB(n) ((size_t)(n) << 20)

/* Reads a file of zeroes through a mapping: how many of its pages read as such */
static long read_file_of(int fd, size_t mib)
{
	long n = 0, all = (long)(MIB(mib) / page_size);
	char *at = mapped(fd, all, PROT_READ, MAP_SHARED);

	for (long i = 0; i < all; i += 16)
		n += *(volatile char *)(at + pages(i)) == 0;
	return n;
}

/* Anonymous memory touched: "ok", where the process lives to say so */
static const char *touch_anonymous(size_t mib)
{
	char *at = anon_with((long)(MIB(mib) / page_size), 0, RW, MAP_PRIVATE);

	return poke_pages(at, (long)(MIB(mib) / page_size), 'k');
}

static const char *event(const char *key)
{
	long n = cgroup_number("memory.events", key);

	return n < 0 ? "absent" : n == 0 ? "none" : "some";
}

PROBE(memcg__max__killed)
{
	in_child {
		enter_cgroup();
		saw("set", cgroup_set("memory.max", "8M"));
		touch_anonymous(24);
	}
	saw("end", child_end());
	saw("oom_kill", event("oom_kill"));
	saw("max", event("max"));
}

PROBE(memcg__max__below)
{
	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "24M");
		saw("touch", touch_anonymous(8));
	}
	saw("end", child_end());
	saw("oom_kill", event("oom_kill"));
}

PROBE(memcg__max__swapped_instead)
{
	if (failed(call(swapon, swap_file((long)(MIB(24) / page_size)), 0)))
		broken("swapon");
	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "8M");
		saw("touch", touch_anonymous(20));
		saw("swap", yes(cgroup_number("memory.swap.current", "") > (long)MIB(4)));
	}
	saw("end", child_end());
	saw("oom_kill", event("oom_kill"));
}

PROBE(memcg__max__swap_limit)
{
	if (failed(call(swapon, swap_file((long)(MIB(24) / page_size)), 0)))
		broken("swapon");
	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "8M");
		saw("set", cgroup_set("memory.swap.max", "0"));
		touch_anonymous(20);
	}
	saw("end", child_end());
	saw("oom_kill", event("oom_kill"));
}

PROBE(memcg__max__file_cache)
{
	int fd = ext4_file((long)(MIB(16) / page_size), 0);

	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "8M");
		saw("read", yes(read_file_of(fd, 16) > 0));
	}
	saw("end", child_end());
	saw("oom_kill", event("oom_kill"));
}

PROBE(memcg__max__shared_memory)
{
	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "8M");
		char *at = shared_anon((long)(MIB(24) / page_size), 0);

		poke_pages(at, (long)(MIB(24) / page_size), 'k');
	}
	saw("end", child_end());
	saw("oom_kill", event("oom_kill"));
}

PROBE(memcg__max__tmpfs_write)
{
	int fd = scratch_file(0, 0);

	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "8M");
		static char block[1 << 16];
		long result = 0;

		for (long i = 0; i < 384 && !failed(result); i++)
			result = call(pwrite64, fd, block, sizeof(block), (long long)i << 16);
		saw("write", failed(result) ? outcome(result) : "ok");
	}
	saw("end", child_end());
	saw("oom_kill", event("oom_kill"));
}

PROBE(memcg__max__populate)
{
	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "8M");
		saw("mmap",
			outcome(call(mmap, NOWHERE, MIB(24), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)));
	}
	saw("end", child_end());
}

PROBE(memcg__max__madvise_populate)
{
	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "8M");
		char *at = anon((long)(MIB(24) / page_size), 0);

		saw("madvise", outcome(call(madvise, at, MIB(24), MADV_POPULATE_WRITE)));
	}
	saw("end", child_end());
}

PROBE(memcg__max__mlock)
{
	in_child {
		enter_cgroup();
		cgroup_set("memory.max", "8M");
		char *at = anon((long)(MIB(24) / page_size), 0);

		saw("mlock", outcome(call(mlock, at, MIB(24))));
	}
	saw("end", child_end());
}

PROBE(memcg__max__lowered)
{
	in_child {
		enter_cgroup();
		touch_anonymous(12);
		saw("set", cgroup_set("memory.max", "4M"));
	}
	saw("end", child_end());
}

PROBE(memcg__max__values)
{
	in_child {
		enter_cgroup();
		saw("max", cgroup_set("memory.max", "max"));
		saw("bytes", cgroup_set("memory.max", "1073741824"));
		saw("suffix", cgroup_set("memory.max", "1G"));
		saw("word", cgroup_set("memory.max", "all"));
		saw("negative", cgroup_set("memory.max", "-1"));
		saw("empty", cgroup_set("memory.max", ""));
	}
}

PROBE(memcg__high__file_cache)
{
	int fd = ext4_file((long)(MIB(16) / page_size), 0);

	in_child {
		enter_cgroup();
		cgroup_set("memory.high", "8M");
		saw("read", yes(read_file_of(fd, 16) > 0));
		saw("below", yes(cgroup_number("memory.current", "") < (long)MIB(12)));
	}
	saw("end", child_end());
	saw("oom_kill", event("oom_kill"));
}

PROBE(memcg__high__lowered)
{
	int fd = ext4_file((long)(MIB(16) / page_size), 0);

	in_child {
		enter_cgroup();
		saw("read", yes(read_file_of(fd, 16) > 0));
		saw("set", cgroup_set("memory.high", "4M"));
		saw("below", yes(cgroup_number("memory.current", "") <= (long)MIB(5)));
	}
	saw("end", child_end());
}

PROBE(memcg__reclaim__file_cache)
{
	int fd = ext4_file((long)(MIB(16) / page_size), 0);

	in_child {
		enter_cgroup();
		saw("read", yes(read_file_of(fd, 16) > 0));
		saw("reclaim", cgroup_set("memory.reclaim", "2M"));
	}
}

PROBE(memcg__reclaim__without_swap)
{
	in_child {
		enter_cgroup();
		touch_anonymous(4);
		saw("reclaim", cgroup_set("memory.reclaim", "64M"));
	}
}

PROBE(memcg__reclaim__arguments)
{
	in_child {
		enter_cgroup();
		saw("swappiness", cgroup_set("memory.reclaim", "0 swappiness=60"));
		saw("swappiness_200", cgroup_set("memory.reclaim", "0 swappiness=200"));
		saw("swappiness_201", cgroup_set("memory.reclaim", "0 swappiness=201"));
		saw("swappiness_max", cgroup_set("memory.reclaim", "0 swappiness=max"));
		saw("unknown", cgroup_set("memory.reclaim", "0 colour=red"));
		saw("word", cgroup_set("memory.reclaim", "all"));
		saw("zero", cgroup_set("memory.reclaim", "0"));
	}
}

PROBE(memcg__reclaim__whole_machine)
{
	saw("node_reclaim", try_knob("/sys/devices/system/node/node0/reclaim", "0"));
}
