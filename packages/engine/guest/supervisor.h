/*
 * Owns: the life of one program. A supervisor is a process between the agent and the program; it is the parent of everything that
 * descends from the program, however it fled. It ends when nothing of it is left, and kills all of it when the agent goes away.
 */
#ifndef CLOISTER_SUPERVISOR_H
#define CLOISTER_SUPERVISOR_H

#include <stdint.h>
#include <stdnoreturn.h>

#include "program.h"

/* From the agent: a command each. The end of the pipe means the same as COMMAND_KILL. */
struct command {
  enum { COMMAND_SIGNAL = 1, COMMAND_KILL } what;
  int signal;
};

/* To the agent. */
struct report {
  enum { REPORT_STARTED = 1, REPORT_FAILED, REPORT_ENDED } what;
  int pid;
  int error; /* why it did not start; or that not all could be killed */
  int cause; /* enum end_cause */
  int status; /* as of waitpid() */
  int survivors;
};

/* Runs in a child of the agent. @param time_limit in ms; 0: none */
noreturn void supervise(const struct program *program, uint64_t time_limit, int commands, int reports);

#endif
