#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#define DESCRIPTOR_FOLDER "/proc/self/fd"
#else
#define DESCRIPTOR_FOLDER "/dev/fd"
#endif
/* Where the folder can't be read: more than this agent ever has open. */
#define HIGHEST_GUESS 4096

void set_close_on_exec(int fd) { fcntl(fd, F_SETFD, fcntl(fd, F_GETFD) | FD_CLOEXEC); }

void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

bool make_pipe(int ends[2]) {
  if (pipe(ends) != 0) {
    ends[0] = ends[1] = -1;
    return false;
  }
  set_close_on_exec(ends[0]);
  set_close_on_exec(ends[1]);
  return true;
}

void close_if_open(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static bool is_kept(int fd, const int *kept, int count) {
  for (int index = 0; index < count; index++)
    if (kept[index] == fd) return true;
  return fd <= STDERR_FILENO;
}

void close_others(const int *kept, int count) {
  DIR *folder = opendir(DESCRIPTOR_FOLDER);
  int highest = HIGHEST_GUESS;
  if (folder != NULL) {
    highest = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
      if (atoi(entry->d_name) > highest) highest = atoi(entry->d_name);
    closedir(folder);
  }
  for (int fd = 0; fd <= highest; fd++)
    if (!is_kept(fd, kept, count)) close(fd);
}

void silence_standard_streams(void) {
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) return;
  for (int fd = 0; fd <= STDERR_FILENO; fd++) dup2(nothing, fd);
  if (nothing > STDERR_FILENO) close(nothing);
}
