/*
 * Owns: finding and killing processes by their descent. A process that is a subreaper gets every orphan of its descendants, so descent
 * cannot be escaped by double forks or new sessions; where it has no child left, nothing is left.
 */
#ifndef CLOISTER_DESCENDANTS_H
#define CLOISTER_DESCENDANTS_H

#include <stdbool.h>
#include <sys/types.h>

/* Makes this process the parent of its descendants' orphans. */
void become_subreaper(void);

struct kill_report {
  int killed;   /* that had to be */
  bool emptied; /* nothing is left */
};

/*
 * Kills and reaps all descendants of this process, but `spared` children of its own with theirs; `program`'s group is killed even
 * where the system's process table can't be read. Gives up after 10 s. `reaped` is told of each, and may be NULL.
 */
struct kill_report kill_descendants(const pid_t *spared, int spared_count, pid_t program, void (*reaped)(pid_t, int));

#endif
