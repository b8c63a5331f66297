#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define LONGEST_PATH 4096
#define SIGNAL_LIMIT 65

static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < SIGNAL_LIMIT; number++) signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool take_terminal(const char *path) {
  int terminal = open(path, O_RDWR);
  if (terminal < 0) return false;
  if (ioctl(terminal, TIOCSCTTY, 0) != 0) return false;
  for (int fd = 0; fd <= STDERR_FILENO; fd++) dup2(terminal, fd);
  if (terminal > STDERR_FILENO) close(terminal);
  return true;
}

static bool connect_streams(const struct program *program) {
  if (program->terminal != NULL) return take_terminal(program->terminal);
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    if (program->streams[fd] >= 0 && dup2(program->streams[fd], fd) < 0) return false;
  return true;
}

/* Where the supervisor dies, so does the program: nobody would look after it. */
static bool die_with_parent(pid_t parent) {
#ifdef __linux__
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return false;
#endif
  return getppid() == parent;
}

static const char *path_variable(char **variables) {
  for (; *variables != NULL; variables++)
    if (strncmp(*variables, "PATH=", 5) == 0) return *variables + 5;
  return DEFAULT_PATH;
}

/* Tries each folder of PATH. A program that is there but may not be run is worth more than one that is not there. */
static void run(const struct program *program) {
  const char *name = program->arguments[0];
  if (strchr(name, '/') != NULL) {
    execve(name, program->arguments, program->variables);
    return;
  }
  int error = ENOENT;
  for (const char *part = path_variable(program->variables); part != NULL;) {
    const char *end = strchr(part, ':');
    int length = end == NULL ? (int)strlen(part) : (int)(end - part);
    char path[LONGEST_PATH];
    int needed = snprintf(path, sizeof path, "%.*s/%s", length, length == 0 ? "." : part, name);
    if (needed > 0 && needed < (int)sizeof path) execve(path, program->arguments, program->variables);
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    part = end == NULL ? NULL : end + 1;
  }
  errno = error;
}

noreturn void become_program(const struct program *program, int report) {
  pid_t parent = getppid();
  reset_signals();
  umask(022);
  bool prepared = setsid() >= 0 && connect_streams(program) && become_user(&program->user) && die_with_parent(parent);
  const char *folder = program->folder != NULL ? program->folder : program->user.home;
  if (prepared && chdir(folder) == 0) run(program);
  int error = errno;
  ssize_t written = write(report, &error, sizeof error);
  _exit(written == (ssize_t)sizeof error ? 127 : 126);
}
