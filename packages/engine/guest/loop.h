/* Owns: waiting. One poll() over all descriptors of all sessions, and the signals of this process. */
#ifndef CLOISTER_LOOP_H
#define CLOISTER_LOOP_H

#include <stdbool.h>

#include "session.h"

void loop_add(struct session *session);
struct session *loop_sessions(void);
/* Has loop_run() return after what is under way. */
void loop_stop(void);
/* Has poll() return, and the next round begin. May be called by a handler of signals, once loop_run() was. */
void loop_wake(void);
/*
 * Runs until it is stopped, by SIGTERM or SIGINT as well.
 * @param gone called when a session's host has gone, after all that it had has been ended; it may stop the loop
 * @param tick called each round; returns how long poll() may wait, in ms, or -1
 */
void loop_run(void (*gone)(struct session *session), int (*tick)(void));

#endif
