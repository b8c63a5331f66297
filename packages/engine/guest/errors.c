#include "errors.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

struct name {
  int number;
  const char *text;
};

#define NAME(word) {word, #word}

static const struct name errors[] = {
    NAME(E2BIG),        NAME(EACCES),     NAME(EADDRINUSE),   NAME(EADDRNOTAVAIL), NAME(EAGAIN),  NAME(EBADF),
    NAME(EBUSY),        NAME(ECANCELED),  NAME(ECONNREFUSED), NAME(ECONNRESET),    NAME(EDQUOT),  NAME(EEXIST),
    NAME(EFAULT),       NAME(EFBIG),      NAME(EINVAL),       NAME(EIO),           NAME(EISDIR),  NAME(ELOOP),
    NAME(EMFILE),       NAME(EMLINK),     NAME(ENAMETOOLONG), NAME(ENETUNREACH),   NAME(ENFILE),  NAME(ENODEV),
    NAME(ENOENT),       NAME(ENOEXEC),    NAME(ENOMEM),       NAME(ENOSPC),        NAME(ENOSYS),  NAME(ENOTDIR),
    NAME(ENOTEMPTY),    NAME(ENOTSUP),    NAME(ENXIO),        NAME(EPERM),         NAME(EPIPE),   NAME(ERANGE),
    NAME(EROFS),        NAME(ESRCH),      NAME(ETIMEDOUT),    NAME(ETXTBSY),       NAME(EXDEV),
};

static const struct name signals[] = {
    NAME(SIGABRT), NAME(SIGALRM), NAME(SIGBUS),  NAME(SIGCHLD), NAME(SIGCONT), NAME(SIGFPE),  NAME(SIGHUP),
    NAME(SIGILL),  NAME(SIGINT),  NAME(SIGKILL), NAME(SIGPIPE), NAME(SIGQUIT), NAME(SIGSEGV), NAME(SIGSTOP),
    NAME(SIGSYS),  NAME(SIGTERM), NAME(SIGTRAP), NAME(SIGTSTP), NAME(SIGTTIN), NAME(SIGTTOU), NAME(SIGUSR1),
    NAME(SIGUSR2), NAME(SIGXCPU), NAME(SIGXFSZ),
};

static const char *look_up(const struct name *names, size_t count, int number) {
  for (size_t index = 0; index < count; index++)
    if (names[index].number == number) return names[index].text;
  return NULL;
}

const char *error_name(int error) {
  static char unnamed[24];
  const char *name = look_up(errors, sizeof errors / sizeof *errors, error);
  if (name != NULL) return name;
  snprintf(unnamed, sizeof unnamed, "errno %d", error);
  return unnamed;
}

const char *signal_name(int signal_number) {
  static char unnamed[24];
  const char *name = look_up(signals, sizeof signals / sizeof *signals, signal_number);
  if (name != NULL) return name;
  snprintf(unnamed, sizeof unnamed, "SIG%d", signal_number);
  return unnamed;
}
