#include "probe.h"
#include "userfault.h"

enum { CAP_PTRACE = 19, CAP_ADMIN = 21, USER_MODE_ONLY = 1 };

#define KNOB "/proc/sys/vm/unprivileged_userfaultfd"

/* UFFDIO_API as it is: its result, and what it wrote back. */
static long handshake(int fd, uint64_t version, uint64_t features, struct uffdio_api *api)
{
	*api = (struct uffdio_api){.api = version, .features = features};
	note("api %#llx, features %#llx:", (unsigned long long)version, (unsigned long long)features);
	return call(ioctl, fd, UFFDIO_API, api);
}

static int opened(void)
{
	int fd = (int)call(userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (failed(fd))
		broken("userfaultfd: %s", outcome(fd));
	return fd;
}

PROBE(userfaultfd__open__unknown_flags)
{
	saw("refused", yes(call(userfaultfd, 2) == -22 && call(userfaultfd, 0x100) == -22));
}

PROBE(userfaultfd__open__user_mode_only)
{
	saw("root", outcome(call(userfaultfd, USER_MODE_ONLY)));
	become_user();
	saw("user", outcome(call(userfaultfd, USER_MODE_ONLY)));
}

PROBE(userfaultfd__open__ordinary_user)
{
	saw("sysctl", textf("%s", knob(KNOB)));
	become_user();
	saw("user", outcome(call(userfaultfd, 0)));
}

PROBE(userfaultfd__open__ordinary_user_allowed)
{
	set_knob(KNOB, "1");
	become_user();
	saw("user", outcome(call(userfaultfd, 0)));
}

PROBE(userfaultfd__open__ordinary_user_refused)
{
	set_knob(KNOB, "0");
	drop_capability(CAP_PTRACE);
	saw("without", outcome(call(userfaultfd, 0)));
}

PROBE(userfaultfd__open__device)
{
	int device = (int)call(openat, -100 /* AT_FDCWD */, "/dev/userfaultfd", O_RDWR, 0);

	saw("open", outcome(device));
	if (failed(device))
		return;
	set_knob(KNOB, "0");
	become_user();
	saw("new", outcome(call(ioctl, device, _IO(0xAA, 0), (void *)O_CLOEXEC)));
	saw("bad_flags", outcome(call(ioctl, device, _IO(0xAA, 0), (void *)2)));
	saw("user_open", outcome(call(openat, -100, "/dev/userfaultfd", O_RDWR, 0)));
}

PROBE(userfaultfd__api__features)
{
	static const char *const names[] = {"pagefault_flag_wp", "event_fork", "event_remap", "event_remove",
		"missing_hugetlbfs", "missing_shmem", "event_unmap", "sigbus", "thread_id", "minor_hugetlbfs",
		"minor_shmem", "exact_address", "wp_hugetlbfs_shmem", "wp_unpopulated", "poison", "wp_async", "move"};
	uint64_t features = userfault_features();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		saw(names[i], yes(features >> i & 1));
	saw("others", textf("%#llx", (unsigned long long)(features >> 17 << 17)));
}

PROBE(userfaultfd__api__calls)
{
	struct uffdio_api api;

	saw("api", outcome(handshake(opened(), UFFD_API, 0, &api)));
	saw("ioctls", textf("%#llx", (unsigned long long)api.ioctls));
}

PROBE(userfaultfd__api__wrong_version)
{
	struct uffdio_api api;

	saw("api", outcome(handshake(opened(), 0xab, 0, &api)));
	saw("version", (long)api.api);
	saw("features", textf("%#llx", (unsigned long long)api.features));
}

PROBE(userfaultfd__api__unknown_feature)
{
	struct uffdio_api api;
	int fd = opened();

	saw("api", outcome(handshake(fd, UFFD_API, 1ULL << 40, &api)));
	saw("features", api.features ? "told" : "zero");
	saw("again", outcome(handshake(fd, UFFD_API, 0, &api)));
}

PROBE(userfaultfd__api__twice)
{
	struct uffdio_api api;
	int plain = opened(), featured = opened();

	handshake(plain, UFFD_API, 0, &api);
	saw("plain", outcome(handshake(plain, UFFD_API, 0, &api)));
	saw("plain_features", outcome(handshake(plain, UFFD_API, UFFD_FEATURE_SIGBUS, &api)));
	handshake(featured, UFFD_API, UFFD_FEATURE_SIGBUS, &api);
	saw("featured", outcome(handshake(featured, UFFD_API, UFFD_FEATURE_SIGBUS, &api)));
}

PROBE(userfaultfd__api__fork_event_privilege)
{
	saw("with", outcome(userfault(0, UFFD_FEATURE_EVENT_FORK)));
	set_knob(KNOB, "1");
	drop_capability(CAP_PTRACE);
	saw("without", outcome(userfault(0, UFFD_FEATURE_EVENT_FORK)));
}

PROBE(userfaultfd__api__before)
{
	int fd = opened();
	char *at = anon(1, 0), *to = anon(1, 'b');

	saw("register", outcome(uffd_register(fd, at, pages(1), UFFDIO_REGISTER_MODE_MISSING)));
	saw("read", outcome(call(read, fd, to, sizeof(struct uffd_msg))));
}

PROBE(userfaultfd__api__reading)
{
	int fd = userfault_given(0);
	char *to = anon(1, 'b');

	saw("none", outcome(call(read, fd, to, sizeof(struct uffd_msg))));
	saw("short", outcome(call(read, fd, to, 8)));
	saw("write", outcome(call(write, fd, to, 8)));
}

PROBE(userfaultfd__api__unknown_ioctl)
{
	saw("ioctl", outcome(call(ioctl, userfault_given(0), _IO(0xAA, 0x3e), NULL)));
}

PROBE(userfaultfd__api__features_conflict)
{
	saw("async", outcome(userfault(0, 1 << 15 /* UFFD_FEATURE_WP_ASYNC */)));
	saw("unpopulated", outcome(userfault(0, 1 << 13 /* UFFD_FEATURE_WP_UNPOPULATED */)));
	saw("move", outcome(userfault(0, 1 << 16 /* UFFD_FEATURE_MOVE */)));
	saw("poison", outcome(userfault(0, 1 << 14 /* UFFD_FEATURE_POISON */)));
}
