/* What run.c calls in files that only it needs. */
#ifndef RUN_H
#define RUN_H

extern int json_fd;
void take_over_files(void);
int selftest(void); /* prints golden traces: no kernel is asked */

#endif
