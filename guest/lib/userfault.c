/* userfaultfd, see userfault.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include "internal.h"
#include "userfault.h"

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

enum { PATIENCE_MS = 1000 };

int userfault(int flags, uint64_t features)
{
	struct uffdio_api api = {.api = UFFD_API, .features = features};
	int fd = (int)call(userfaultfd, flags | O_CLOEXEC | O_NONBLOCK);
	long result;

	if (failed(fd))
		return fd;
	note("features %#llx:", (unsigned long long)features);
	result = call(ioctl, fd, UFFDIO_API, &api);
	if (!failed(result))
		return fd;
	close(fd);
	return (int)result;
}

int userfault_given(uint64_t features)
{
	int fd = userfault(0, features);

	if (failed(fd))
		broken("userfaultfd with features %#llx: %s", (unsigned long long)features, outcome(fd));
	return fd;
}

uint64_t userfault_features(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	long fd = quiet_call(userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (failed(fd))
		return 0;
	quiet_call(ioctl, fd, UFFDIO_API, &api);
	close((int)fd);
	return api.features;
}

static uint64_t allowed_ioctls;

static struct uffdio_range range(const void *at, size_t length)
{
	return (struct uffdio_range){.start = (uintptr_t)at, .len = length};
}

static long traced(int fd, unsigned long request, void *argument, const void *at, size_t length, uint64_t mode)
{
	char size[48];

	length_text(size, sizeof(size), (long)length);
	note("%s, %s, mode %llu:", letter_of(at), size, (unsigned long long)mode);
	return call(ioctl, fd, request, argument);
}

long uffd_register(int fd, void *at, size_t length, uint64_t mode)
{
	struct uffdio_register arg = {.range = range(at, length), .mode = mode};
	long result = traced(fd, UFFDIO_REGISTER, &arg, at, length, mode);

	allowed_ioctls = failed(result) ? 0 : arg.ioctls;
	return result;
}

uint64_t uffd_register_ioctls(void)
{
	return allowed_ioctls;
}

long uffd_unregister(int fd, void *at, size_t length)
{
	struct uffdio_range arg = range(at, length);

	return traced(fd, UFFDIO_UNREGISTER, &arg, at, length, 0);
}

long uffd_wake(int fd, void *at, size_t length)
{
	struct uffdio_range arg = range(at, length);

	return traced(fd, UFFDIO_WAKE, &arg, at, length, 0);
}

long uffd_copy(int fd, void *to, const void *from, size_t length, uint64_t mode)
{
	struct uffdio_copy arg = {.dst = (uintptr_t)to, .src = (uintptr_t)from, .len = length, .mode = mode};

	return traced(fd, UFFDIO_COPY, &arg, to, length, mode);
}

long uffd_zeropage(int fd, void *at, size_t length, uint64_t mode)
{
	struct uffdio_zeropage arg = {.range = range(at, length), .mode = mode};

	return traced(fd, UFFDIO_ZEROPAGE, &arg, at, length, mode);
}

long uffd_writeprotect(int fd, void *at, size_t length, uint64_t mode)
{
	struct uffdio_writeprotect arg = {.range = range(at, length), .mode = mode};

	return traced(fd, UFFDIO_WRITEPROTECT, &arg, at, length, mode);
}

long uffd_continue(int fd, void *at, size_t length, uint64_t mode)
{
	struct uffdio_continue arg = {.range = range(at, length), .mode = mode};

	return traced(fd, UFFDIO_CONTINUE, &arg, at, length, mode);
}

long uffd_poison(int fd, void *at, size_t length, uint64_t mode)
{
	struct uffdio_poison arg = {.range = range(at, length), .mode = mode};

	return traced(fd, UFFDIO_POISON, &arg, at, length, mode);
}

long uffd_move(int fd, void *to, void *from, size_t length, uint64_t mode)
{
	struct uffdio_move arg = {.dst = (uintptr_t)to, .src = (uintptr_t)from, .len = length, .mode = mode};

	return traced(fd, UFFDIO_MOVE, &arg, to, length, mode);
}

static const char *event_name(const struct uffd_msg *message)
{
	switch (message->event) {
	case UFFD_EVENT_PAGEFAULT:
		if (message->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
			return "wp";
		if (message->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_MINOR)
			return "minor";
		return message->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE ? "write" : "missing";
	case UFFD_EVENT_FORK:
		return "fork";
	case UFFD_EVENT_REMAP:
		return "remap";
	case UFFD_EVENT_REMOVE:
		return "remove";
	case UFFD_EVENT_UNMAP:
		return "unmap";
	}
	return "other";
}

/* The event that is there, or comes before `until` (a descriptor, or -1) can be read. */
static const char *quiet_event(int fd, int until)
{
	struct pollfd wait[2] = {{.fd = fd, .events = POLLIN}, {.fd = until, .events = POLLIN}};
	struct uffd_msg message;

	if (poll(wait, 2, PATIENCE_MS) > 0 && wait[0].revents == 0)
		poll(wait, 1, 0);
	if (wait[0].revents && read(fd, &message, sizeof(message)) == sizeof(message))
		return event_name(&message);
	return "none";
}

const char *uffd_event(int fd)
{
	const char *seen = quiet_event(fd, -1);

	note("event: %s", seen);
	return seen;
}

static struct {
	pthread_t thread;
	int fd, over[2];
	const char *seen;
} listener;

static void *listen_thread(void *unused)
{
	listener.seen = quiet_event(listener.fd, listener.over[0]);
	return unused;
}

void listen_begins(int fd)
{
	listener.fd = fd;
	if (pipe2(listener.over, O_CLOEXEC) != 0)
		broken("pipe2: %s", errno_name(errno));
	if (pthread_create(&listener.thread, NULL, listen_thread, NULL) != 0)
		broken("a thread cannot be started");
}

/* A call that is an event does not return before the event was read: what has not come by now never comes. */
const char *listen_ends(void)
{
	if (write(listener.over[1], "", 1) != 1)
		broken("a pipe of our own: %s", errno_name(errno));
	pthread_join(listener.thread, NULL);
	close(listener.over[0]);
	close(listener.over[1]);
	note("event meanwhile: %s", listener.seen);
	return listener.seen;
}

static struct {
	pthread_t thread;
	void *at;
	char letter;
	const char *seen;
} touch;

static void *touch_thread(void *unused)
{
	muted = true;
	touch.seen = touch.letter ? poke(touch.at, touch.letter) : peek(touch.at);
	return unused;
}

void touch_begins(void *at, char letter)
{
	touch.at = at;
	touch.letter = letter;
	touch.seen = NULL;
	note("a thread touches %s", letter_of(at));
	if (pthread_create(&touch.thread, NULL, touch_thread, NULL) != 0)
		broken("a thread cannot be started");
}

const char *touch_ends(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	if (pthread_timedjoin_np(touch.thread, NULL, &until) != 0)
		touch.seen = "blocked";
	note("the thread: *%s %s %s", letter_of(touch.at), touch.letter ? ":=" : "=", touch.seen);
	return touch.seen;
}
