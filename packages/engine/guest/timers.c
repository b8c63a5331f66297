#include "timers.h"

#ifdef __linux__

#include <sched.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Nothing can be due earlier than this, so that the kernel sets the timer of the processor that it is asked on, whatever it thinks is set. */
static void set_timer_here(void) {
  const struct itimerspec long_ago = {.it_value = {.tv_nsec = 1}};
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (timer < 0) return;
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &long_ago, NULL);
  close(timer);
}

void set_timers_anew(void) {
  cpu_set_t all;
  if (sched_getaffinity(0, sizeof all, &all) != 0) return;
  for (size_t processor = 0; processor < CPU_SETSIZE; processor++) {
    if (!CPU_ISSET(processor, &all)) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    if (sched_setaffinity(0, sizeof one, &one) == 0) set_timer_here();
  }
  sched_setaffinity(0, sizeof all, &all);
}

#else

void set_timers_anew(void) {}

#endif
