/* What run.c calls in files that only it needs. */
#ifndef RUN_H
#define RUN_H

struct probe;

extern int json_fd;
void take_over_files(void);
void clear_record(void);
void run_probe(const struct probe *probe, int deadline, int scale); /* its end is in the record; seconds, and times */
int selftest(void);                                                 /* prints golden traces: no kernel is asked */

#endif
