/* Other processes, and being less than root. */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "internal.h"

HOT static const char *last_end = "none";

int child_begins(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		note("in a forked child:");
		return 1;
	}
	if (pid < 0)
		broken("fork: %s", errno_name(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			broken("waiting for a child: %s", errno_name(errno));
	last_end = WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : "exited";
	note("the child: %s", last_end);
	if (record->end[0]) /* it found its set-up broken */
		_exit(0);
	return 0;
}

int child_ends(void)
{
	_exit(0);
}

const char *child_end(void)
{
	return last_end;
}

int other_process(void)
{
	pid_t pid = fork();

	if (pid < 0)
		broken("fork: %s", errno_name(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	note("another process is forked");
	return pid;
}

void end_other(int pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	note("the other process is killed");
}

void become_user(void)
{
	if (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
		broken("becoming an ordinary user: %s", errno_name(errno));
	prctl(PR_SET_DUMPABLE, 1); /* else /proc/self stays root's */
	note("as an ordinary user:");
}

void drop_capability(int number)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2];
	unsigned int bit = ~(1u << number % 32);

	if (syscall(SYS_capget, &header, sets) != 0)
		broken("capget: %s", errno_name(errno));
	sets[number / 32].effective &= bit;
	sets[number / 32].permitted &= bit;
	sets[number / 32].inheritable &= bit;
	if (syscall(SYS_capset, &header, sets) != 0)
		broken("capset: %s", errno_name(errno));
	note("without capability %d:", number);
}

static void set_limits(int resource, unsigned long soft, bool hard_too)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0)
		broken("getrlimit: %s", errno_name(errno));
	limit.rlim_cur = soft;
	if (hard_too || limit.rlim_max < soft)
		limit.rlim_max = soft;
	if (setrlimit(resource, &limit) != 0)
		broken("setrlimit: %s", errno_name(errno));
	note("limit %d := %lu bytes", resource, soft);
}

void set_limit(int resource, unsigned long bytes)
{
	set_limits(resource, bytes, false);
}

void set_hard_limit(int resource, unsigned long bytes)
{
	set_limits(resource, bytes, true);
}
