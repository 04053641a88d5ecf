/* A probe in a process of its own: started, waited for, its end booked, and what it left behind undone. */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>
#include "internal.h"
#include "run.h"

enum { GRACE = 3 }; /* seconds, for what it left behind to end */

static _Noreturn void probe_process(const struct probe *probe)
{
	sigset_t none;
	pid_t self;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	catch_faults();
	self = getpid();
	record->prober = self;
	probe->run();
	if (getpid() == self) /* a `return` inside in_child ends the child only */
		strcpy(record->end, "answered");
	_exit(0);
}

/* Waits for `pid` until the deadline: its status, or -1. Reaps what the probe left behind on the way. */
static int wait_until(pid_t pid, int seconds)
{
	struct timespec now, end, left;
	sigset_t child;
	int status;
	pid_t got;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (;;) {
		while ((got = waitpid(-1, &status, WNOHANG)) > 0)
			if (got == pid)
				return status;
		if (got < 0 && pid < 0)
			return 0; /* no children left */
		clock_gettime(CLOCK_MONOTONIC, &now);
		left.tv_sec = end.tv_sec - now.tv_sec - (end.tv_nsec < now.tv_nsec);
		left.tv_nsec = end.tv_nsec - now.tv_nsec + (end.tv_nsec < now.tv_nsec) * 1000000000L;
		if (left.tv_sec < 0)
			return -1;
		sigtimedwait(&child, NULL, &left);
	}
}

static void book_end(int status)
{
	if (record->end[0] && status == 0)
		return;
	if (status == -1) {
		strcpy(record->end, "hung");
		snprintf(record->why, sizeof(record->why), "killed at its deadline");
	} else if (WIFSIGNALED(status)) {
		strcpy(record->end, "died");
		snprintf(record->why, sizeof(record->why), "%s", signal_name(WTERMSIG(status)));
	} else {
		strcpy(record->end, "broken");
		snprintf(record->why, sizeof(record->why), "the probe's process ended with status %d",
			WEXITSTATUS(status));
	}
}

void clear_record(void)
{
	record->end[0] = record->why[0] = '\0';
	record->letters = record->words = record->undos = 0;
	record->traced = 0;
	record->cut = false;
}

void run_probe(const struct probe *probe, int deadline, int scale)
{
	pid_t pid;

	clear_record();
	pid = fork();
	if (pid == 0)
		probe_process(probe);
	if (pid < 0) {
		strcpy(record->end, "broken");
		strcpy(record->why, "fork failed");
		return;
	}
	book_end(wait_until(pid, deadline * scale));
	setpgid(pid, pid);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	wait_until(-1, GRACE * scale);
	undo_all();
}
