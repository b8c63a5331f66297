/* Owns: programs, seen from the agent. Their pipes or terminal, their supervisors, and what is told of their end. */
#ifndef CLOISTER_EXEC_H
#define CLOISTER_EXEC_H

#include <stdbool.h>
#include <sys/types.h>

#include "stream.h"

void exec_open(struct stream *stream, const struct request *request);

/* A child of the agent has ended: may be a supervisor that was killed, whose program's descendants are then killed here. */
void exec_child_ended(pid_t pid);
/* Waits until no supervisor is left, but no longer than it takes them to give up. */
void exec_wait_for_all(void);

#endif
