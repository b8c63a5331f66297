#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "descendants.h"
#include "descriptors.h"
#include "priority.h"
#include "protocol.h"

/* Of this process alone, which supervises one program. */
static struct {
  pid_t program;
  bool ended;
  int status;
  int cause;
} life = {.cause = CAUSE_EXITED};

static void nothing(int signal_number) { (void)signal_number; }

static void note_reaped(pid_t pid, int status) {
  if (pid != life.program) return;
  life.ended = true;
  life.status = status;
}

static void tell(int reports, const struct report *report) {
  /* Fits a pipe whole. Where nobody reads it, nobody wants to know. */
  while (write(reports, report, sizeof *report) < 0 && errno == EINTR) {
  }
}

/* SIGCHLD is let in only while waiting, so that none is missed. */
static void arrange_signals(sigset_t *while_waiting) {
  struct sigaction action = {.sa_handler = nothing};
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, while_waiting);
  sigdelset(while_waiting, SIGCHLD);
  sigaction(SIGCHLD, &action, NULL);
  static const int ignored[] = {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2};
  for (size_t index = 0; index < sizeof ignored / sizeof *ignored; index++) signal(ignored[index], SIG_IGN);
}

static void close_streams(const struct program *program) {
  for (int index = 0; index < 3; index++)
    if (program->streams[index] >= 0) close(program->streams[index]);
}

/* @returns errno, or 0 when the program runs. */
static int start(const struct program *program) {
  int failure[2];
  if (!make_pipe(failure)) return errno;
  life.program = fork();
  if (life.program < 0) return errno;
  if (life.program == 0) become_program(program, failure[1]);
  close(failure[1]);
  close_streams(program);
  int error = 0;
  ssize_t count = read(failure[0], &error, sizeof error);
  close(failure[0]);
  return count == (ssize_t)sizeof error ? error : 0;
}

static void obey(int commands) {
  struct command command;
  ssize_t count = read(commands, &command, sizeof command);
  if (count < 0 && errno == EINTR) return;
  if (count != (ssize_t)sizeof command)
    life.cause = CAUSE_LOST;
  else if (command.what == COMMAND_KILL)
    life.cause = CAUSE_KILLED;
  else
    kill(-life.program, command.signal);
}

/* Waits for a child, a command or the time limit. */
static void wait_once(int commands, uint64_t deadline, const sigset_t *while_waiting) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(commands, &set);
  uint64_t now = now_ms();
  uint64_t left = deadline > now ? deadline - now : 0;
  struct timespec time = {(time_t)(left / 1000), (long)(left % 1000) * 1000000};
  int ready = pselect(commands + 1, &set, NULL, NULL, deadline == 0 ? NULL : &time, while_waiting);
  if (ready > 0) obey(commands);
  if (ready == 0) life.cause = CAUSE_TIME_LIMIT;
}

/* Reaps orphans as they end, so that they don't pile up while the program runs. */
static void reap_ended(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) note_reaped(pid, status);
}

static void outlive(int commands, uint64_t deadline, const sigset_t *while_waiting) {
  for (;;) {
    reap_ended();
    if (life.ended || life.cause != CAUSE_EXITED) return;
    wait_once(commands, deadline, while_waiting);
  }
}

noreturn void supervise(const struct program *program, uint64_t time_limit, int commands, int reports) {
  const int kept[] = {commands, reports, program->streams[0], program->streams[1], program->streams[2]};
  sigset_t while_waiting;
  keep_ahead();
  silence_standard_streams();
  close_others(kept, sizeof kept / sizeof *kept);
  setsid();
  become_subreaper();
  arrange_signals(&while_waiting);
  uint64_t deadline = time_limit == 0 ? 0 : now_ms() + time_limit;
  int error = start(program);
  /* pselect() takes small numbers alone; the program's own descriptors are closed by now. */
  commands = dup2(commands, reports == 3 ? 4 : 3);
  tell(reports, &(struct report){.what = error == 0 ? REPORT_STARTED : REPORT_FAILED, .pid = life.program, .error = error});
  if (error == 0) outlive(commands, deadline, &while_waiting);
  struct kill_report killed = kill_descendants(NULL, 0, life.program, note_reaped);
  /* It was killed, and is not gone yet: that it ended with 0 must not be said. */
  if (!life.ended) life.status = SIGKILL;
  if (error == 0)
    tell(reports, &(struct report){.what = REPORT_ENDED,
                                   .cause = life.cause,
                                   .status = life.status,
                                   .survivors = killed.killed,
                                   .error = killed.emptied ? 0 : EPERM});
  _exit(0);
}
