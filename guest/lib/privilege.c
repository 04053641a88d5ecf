/* Which capability a call asks for, see privilege.h. All in one process, which may become itself again. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/syscall.h>
#include "internal.h"
#include "privilege.h"

enum { USER = 65534, ALL = 64 };

/* The headers' numbers; those after 37 are too new for some. */
static const struct {
	const char *name;
	int number;
} capabilities[] = {
	{"DAC_OVERRIDE", 1},
	{"DAC_READ_SEARCH", 2},
	{"FOWNER", 3},
	{"IPC_LOCK", 14},
	{"IPC_OWNER", 15},
	{"SYS_RAWIO", 17},
	{"SYS_PTRACE", 19},
	{"SYS_ADMIN", 21},
	{"SYS_NICE", 23},
	{"SYS_RESOURCE", 24},
	{"PERFMON", 38},
	{"CHECKPOINT_RESTORE", 40},
};
enum { CAPABILITIES = sizeof(capabilities) / sizeof(capabilities[0]) };

static void effective(uint64_t set)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) != 0)
		broken("capget: %s", errno_name(errno));
	sets[0].effective = sets[0].permitted & (uint32_t)set;
	sets[1].effective = sets[1].permitted & (uint32_t)(set >> 32);
	if (syscall(SYS_capset, &header, sets) != 0)
		broken("capset: %s", errno_name(errno));
}

static void become(unsigned id, uint64_t set)
{
	effective(~0ULL);
	if (setresgid(id, id, 0) != 0 || setresuid(id, id, 0) != 0)
		broken("changing the user: %s", errno_name(errno));
	effective(set);
	prctl(PR_SET_DUMPABLE, 1); /* else /proc/self belongs to root */
}

static void asked_as(unsigned id, uint64_t set, const struct deed *deed, char *out)
{
	become(id, set);
	snprintf(out, ALL, "%s", deed->run(deed->number));
}

static void add(char *list, size_t size, const char *name)
{
	snprintf(list + strlen(list), size - strlen(list), "%s%s", list[0] ? "+" : "", name);
}

static void ask(const struct deed *deed)
{
	char root[ALL], user[ALL], other[ALL], needs[TEXT] = "", enough[TEXT] = "";

	muted = false; /* one of many in the trace: it shows the calls */
	asked_as(0, ~0ULL, deed, root);
	muted = true;
	asked_as(USER, 0, deed, user);
	for (int i = 0; i < CAPABILITIES && strcmp(root, user) != 0; i++) {
		uint64_t bit = 1ULL << capabilities[i].number;

		asked_as(0, ~bit, deed, other);
		if (strcmp(other, root) != 0)
			add(needs, sizeof(needs), capabilities[i].name);
		asked_as(USER, bit, deed, other);
		if (strcmp(other, user) != 0)
			add(enough, sizeof(enough), capabilities[i].name);
	}
	become(0, ~0ULL);
	muted = false;
	if (strcmp(root, user) == 0)
		saw(deed->name, root);
	else
		saw(deed->name, textf("root %s, user %s, needs %s, enough %s", root, user, needs[0] ? needs : "none",
					enough[0] ? enough : "none"));
	muted = true;
}

void privileges(const struct deed *deeds)
{
	muted = true;
	if (setgroups(0, NULL) != 0 || prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0)
		broken("keeping capabilities: %s", errno_name(errno));
	for (; deeds->name; deeds++)
		ask(deeds);
	muted = false;
}
