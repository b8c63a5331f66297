#include "priority.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifdef __linux__

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

static bool ahead;

/* By its number: musl's own function of this name always refuses. */
static void become_first(void) {
  const struct sched_param lowest = {.sched_priority = 1};
  if (syscall(SYS_sched_setscheduler, 0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest) != 0)
    fprintf(stderr, "cloister-guest: priority: %s\n", strerror(errno));
}

void run_ahead(void) {
  ahead = true;
  become_first();
}

void keep_ahead(void) {
  if (ahead) become_first();
}

#else

void run_ahead(void) {}

void keep_ahead(void) {}

#endif
