#include "machine.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"
#include "timers.h"

#define SSH_FOLDER "/etc/ssh"
#define SSH_KEYGEN "/usr/bin/ssh-keygen"
#define HOSTNAME_FILE "/etc/hostname"
#define MACHINE_ID_FILE "/etc/machine-id"
#define MACHINE_ID_SIZE 32
#define MEMORY_FILE "/proc/meminfo"
#define EVENTS_FILE "/proc/vmstat"
#define LONGEST_HOSTNAME 63

void set_clock(struct stream *stream, const struct request *request) {
  uint64_t ms = request->numbers[TAG_TIME];
  struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  int error = clock_settime(CLOCK_REALTIME, &time) == 0 ? 0 : errno;
  set_timers_anew();
  stream_finish_error(stream, error);
}

void answer_ping(struct stream *stream, const struct request *request) {
  (void)request;
  stream_finish_error(stream, 0);
}

void shut_down(struct stream *stream, const struct request *request) {
  (void)request;
  /* Elsewhere it is not this agent's machine to end. */
  stream_finish_error(stream, getpid() == 1 ? 0 : ENOTSUP);
  if (getpid() == 1) loop_stop();
}

static bool is_hostname(const char *name) {
  size_t length = name == NULL ? 0 : strlen(name);
  if (length == 0 || length > LONGEST_HOSTNAME) return false;
  for (size_t index = 0; index < length; index++)
    if (!isalnum((unsigned char)name[index]) && name[index] != '-' && name[index] != '.') return false;
  return name[0] != '-' && name[0] != '.';
}

static bool is_machine_id(const char *id) {
  return id != NULL && strlen(id) == MACHINE_ID_SIZE && strspn(id, "0123456789abcdef") == MACHINE_ID_SIZE;
}

static bool write_line(const char *path, const char *line) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return false;
  bool written = dprintf(file, "%s\n", line) > 0;
  return close(file) == 0 && written;
}

#ifdef __linux__
/* As in linux/random.h, which not every C library brings. */
struct pool_info {
  int entropy_bits;
  int size;
  unsigned char bytes[SEED_SIZE];
};
#define ADD_ENTROPY _IOW('R', 0x03, int[2])
#define RESEED _IO('R', 0x07)

static bool add_entropy(const unsigned char *seed) {
  struct pool_info info = {.entropy_bits = SEED_SIZE * 8, .size = SEED_SIZE};
  memcpy(info.bytes, seed, SEED_SIZE);
  int device = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
  if (device < 0) return false;
  bool added = ioctl(device, ADD_ENTROPY, &info) == 0;
  /* Takes the new seed into use now; older kernels do so by themselves. */
  if (added) ioctl(device, RESEED);
  close(device);
  return added;
}
#else
static bool add_entropy(const unsigned char *seed) {
  (void)seed;
  errno = ENOTSUP;
  return false;
}
#endif

static bool is_host_key(const char *name) { return strncmp(name, "ssh_host_", 9) == 0 && strstr(name, "_key") != NULL; }

/* The template's keys go at once; making new ones takes long on a slow machine, and nobody waits for them. */
static void renew_ssh_keys(void) {
  DIR *folder = opendir(SSH_FOLDER);
  bool removed = false;
  if (folder == NULL) return;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
    if (is_host_key(entry->d_name)) removed = unlinkat(dirfd(folder), entry->d_name, 0) == 0 || removed;
  closedir(folder);
  if (!removed || access(SSH_KEYGEN, X_OK) != 0 || fork() != 0) return;
  execl(SSH_KEYGEN, SSH_KEYGEN, "-A", (char *)NULL);
  _exit(127);
}

void set_identity(struct stream *stream, const struct request *request) {
  const char *hostname = request->texts[TAG_HOSTNAME];
  const char *machine_id = request->texts[TAG_MACHINE_ID];
  if (!is_hostname(hostname) || !is_machine_id(machine_id) || !request->present[TAG_SEED]) {
    stream_finish_error(stream, EINVAL);
    return;
  }
  bool done = add_entropy(request->seed) && sethostname(hostname, strlen(hostname)) == 0 &&
              write_line(HOSTNAME_FILE, hostname) && write_line(MACHINE_ID_FILE, machine_id);
  int error = errno;
  if (done) renew_ssh_keys();
  stream_finish_error(stream, done ? 0 : error);
}

/* Of a file of the kernel with lines like "MemTotal:  1024 kB" or "oom_kill 3"; 0 where it has no such line. */
static uint64_t kernel_number(const char *path, const char *name) {
  FILE *file = fopen(path, "re");
  char line[256];
  uint64_t value = 0;
  size_t length = strlen(name);
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, name, length) == 0 && (line[length] == ':' || line[length] == ' ')) {
      value = strtoull(line + length + 1, NULL, 10);
      break;
    }
  if (file != NULL) fclose(file);
  return value;
}

static uint64_t process_count(void) {
  DIR *folder = opendir("/proc");
  uint64_t count = 0;
  if (folder == NULL) return 0;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
    if (isdigit((unsigned char)entry->d_name[0])) count++;
  closedir(folder);
  return count;
}

void tell_health(struct stream *stream, const struct request *request) {
  (void)request;
  struct buffer fields = {0};
  field_number(&fields, TAG_UPTIME, now_ms());
  field_number(&fields, TAG_MEMORY_TOTAL, kernel_number(MEMORY_FILE, "MemTotal"));
  field_number(&fields, TAG_MEMORY_AVAILABLE, kernel_number(MEMORY_FILE, "MemAvailable"));
  field_number(&fields, TAG_PROCESSES, process_count());
  field_number(&fields, TAG_OOM_KILLS, kernel_number(EVENTS_FILE, "oom_kill"));
  stream_finish(stream, &fields);
}
