/* What a call needs: asked as root, as root without each capability, as an ordinary user with each one alone. */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include "probe.h"

struct deed {
	const char *name;
	const char *(*run)(long number); /* harmless, however often it succeeds */
	long number;
};

/* A word for each deed: "root ok, user EPERM, needs IPC_LOCK, enough IPC_LOCK"; just "ok" where all are alike. */
void privileges(const struct deed *deeds);

#endif
