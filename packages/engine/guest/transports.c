#include "transports.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "clock.h"
#include "descendants.h"
#include "descriptors.h"
#include "exec.h"
#include "loop.h"

#define PORTS_FOLDER "/sys/class/virtio-ports"
#define PORT_PREFIX "cloister."
/* How often a port without a host is looked at, and how often ports are looked for. */
#define ABSENT_MS 20
#define LOOK_FOR_FIRST_MS 20
#define LOOK_FOR_MORE_MS 1000
#define LOOK_FOR_MORE_UNTIL_MS 3000

static struct session *new_session(int in, int out) {
  struct session *session = allocate(sizeof *session);
  session->in = in;
  session->out = out;
  set_nonblocking(in);
  set_nonblocking(out);
  loop_add(session);
  return session;
}

static void stop_with_host(struct session *session) {
  session->absent = true;
  loop_stop();
}

static int never(void) { return -1; }

void serve_stdio(void) {
  int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (in < 0 || out < 0) return;
  silence_standard_streams();
  become_subreaper();
  new_session(in, out);
  loop_run(stop_with_host, never);
  exec_wait_for_all();
}

static bool is_our_port(const char *device) {
  char path[512];
  char name[64] = "";
  snprintf(path, sizeof path, PORTS_FOLDER "/%.255s/name", device);
  FILE *file = fopen(path, "re");
  if (file == NULL) return false;
  bool ours = fgets(name, sizeof name, file) != NULL && strncmp(name, PORT_PREFIX, strlen(PORT_PREFIX)) == 0;
  fclose(file);
  return ours;
}

/* A port is opened once: the kernel refuses a second time, so those that are open already pass by. */
static void open_ports(void) {
  DIR *folder = opendir(PORTS_FOLDER);
  if (folder == NULL) return;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    char path[300];
    if (entry->d_name[0] == '.' || !is_our_port(entry->d_name)) continue;
    snprintf(path, sizeof path, "/dev/%.255s", entry->d_name);
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) new_session(fd, fd)->absent = true;
  }
  closedir(folder);
}

static void look_for_ports(void) {
  static uint64_t next;
  static uint64_t first;
  uint64_t now = now_ms();
  if (first == 0) first = now;
  if (now < next || (loop_sessions() != NULL && now > first + LOOK_FOR_MORE_UNTIL_MS)) return;
  open_ports();
  next = now + (loop_sessions() == NULL ? LOOK_FOR_FIRST_MS : LOOK_FOR_MORE_MS);
}

/* A port whose host has gone is always ready, with nothing: so it is looked at now and then. */
static bool look_for_hosts(void) {
  bool any_absent = false;
  for (struct session *session = loop_sessions(); session != NULL; session = session->next) {
    struct pollfd polled = {.fd = session->in, .events = POLLIN};
    if (session->absent && poll(&polled, 1, 0) >= 0 && (polled.revents & POLLHUP) == 0) session->absent = false;
    any_absent = any_absent || session->absent;
  }
  return any_absent;
}

static int tick(void) {
  look_for_ports();
  bool waits = look_for_hosts() || loop_sessions() == NULL;
  return waits ? ABSENT_MS : LOOK_FOR_MORE_MS;
}

static void wait_for_next_host(struct session *session) { session->absent = true; }

void serve_ports(void) {
  become_subreaper();
  loop_run(wait_for_next_host, tick);
  exec_wait_for_all();
}
