#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"
#include "users.h"

#define LONGEST_PATH 4096
#define LONGEST_NAME 255
#define MOST_ATTEMPTS 100

/* A file that is being written, under another name in the folder where it will be. */
struct put {
  struct user user;
  int folder;
  char name[LONGEST_NAME + 1];
  char temporary[64];
  mode_t mode;
};

static bool make_folders(const char *path) {
  char part[LONGEST_PATH];
  snprintf(part, sizeof part, "%s", path);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (mkdir(part, 0755) != 0 && errno != EEXIST) return false;
    *slash = '/';
  }
  return true;
}

static bool split_path(const char *path, char *folder, char *name) {
  const char *last = path == NULL || path[0] != '/' ? NULL : strrchr(path, '/');
  if (last == NULL || last[1] == 0 || strlen(path) >= LONGEST_PATH || strlen(last + 1) > LONGEST_NAME) return false;
  snprintf(folder, LONGEST_PATH, "%.*s/", (int)(last - path), path);
  snprintf(name, LONGEST_NAME + 1, "%s", last + 1);
  return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Another agent may write here too, with the same process id where each has a namespace of its own: the name is taken by making the file. */
static int create_temporary(struct put *put) {
  static unsigned counter;
  for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(put->temporary, sizeof put->temporary, ".cloister-%ld-%u-%09ld", (long)getpid(), counter++, now.tv_nsec);
    int file = openat(put->folder, put->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file >= 0) return file;
    put->temporary[0] = 0;
    if (errno != EEXIST) break;
  }
  return -1;
}

/* As the user: so nothing is written where the user could not write, whatever links lie on the way. */
static int open_temporary(struct put *put, const char *folder) {
  if (!make_folders(folder)) return -1;
  put->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return put->folder < 0 ? -1 : create_temporary(put);
}

static bool put_rename(struct put *put, int file) {
  if (fchmod(file, put->mode) != 0 || !act_as_user(&put->user)) return false;
  bool renamed = renameat(put->folder, put->temporary, put->folder, put->name) == 0;
  int error = errno;
  act_as_self();
  errno = error;
  if (renamed) put->temporary[0] = 0;
  return renamed;
}

static void put_ended(struct stream *stream) {
  bool renamed = stream->sink >= 0 && put_rename(stream->state, stream->sink);
  stream_finish_error(stream, renamed ? 0 : errno);
}

static void put_release(struct stream *stream) {
  struct put *put = stream->state;
  if (put == NULL || put->folder < 0) return;
  if (put->temporary[0] != 0 && act_as_user(&put->user)) {
    unlinkat(put->folder, put->temporary, 0);
    act_as_self();
  }
  close(put->folder);
}

static const struct kind put_kind = {.input_ended = put_ended, .input_failed = stream_finish_error, .release = put_release};

void put_open(struct stream *stream, const struct request *request) {
  struct put *put = allocate(sizeof *put);
  char folder[LONGEST_PATH];
  stream->state = put;
  stream->kind = &put_kind;
  put->folder = -1;
  put->mode = request->present[TAG_MODE] ? (mode_t)request->numbers[TAG_MODE] & 07777 : 0644;
  if (!find_user(request->texts[TAG_USER], &put->user)) {
    stream_finish_error(stream, ESRCH);
    return;
  }
  if (!split_path(request->texts[TAG_PATH], folder, put->name)) {
    stream_finish_error(stream, EINVAL);
    return;
  }
  int error = EPERM;
  if (act_as_user(&put->user)) {
    stream->sink = open_temporary(put, folder);
    error = errno;
    act_as_self();
  }
  if (stream->sink < 0) stream_finish_error(stream, error);
}

static void get_ended(struct stream *stream) { stream_finish_error(stream, stream->error); }

static const struct kind get_kind = {.source_ended = get_ended};

/* @returns errno */
static int open_regular(const char *path, uint64_t largest, int *file, uint64_t *size) {
  struct stat found;
  /* Not blocking: a pipe in place of a file would hold up the agent. */
  *file = path == NULL ? -1 : open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (*file < 0) return path == NULL ? EINVAL : errno;
  if (fstat(*file, &found) != 0) return errno;
  if (!S_ISREG(found.st_mode)) return S_ISDIR(found.st_mode) ? EISDIR : EINVAL;
  *size = (uint64_t)found.st_size;
  return *size > largest ? EFBIG : 0;
}

void get_open(struct stream *stream, const struct request *request) {
  struct buffer fields = {0};
  uint64_t size = 0;
  int file = -1;
  uint64_t largest = request->present[TAG_SIZE] ? request->numbers[TAG_SIZE] : UINT64_MAX;
  int error = open_regular(request->texts[TAG_PATH], largest, &file, &size);
  stream->kind = &get_kind;
  if (error != 0) {
    close_if_open(&file);
    stream_finish_error(stream, error);
    return;
  }
  stream->sources[0].fd = file;
  field_number(&fields, TAG_SIZE, size);
  stream_ready(stream, &fields);
}
