#include "transports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
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
/* How often ports are looked for. The kernel tells of a host that comes; that is looked at besides, should it be too old to. */
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

static void on_host(int number) {
  (void)number;
  loop_wake();
}

static void arrange_host_signal(void) {
  struct sigaction action = {.sa_handler = on_host, .sa_flags = SA_RESTART};
  sigaction(SIGIO, &action, NULL);
}

/* The kernel signals SIGIO when a port's host comes or goes, and for each input, of which poll tells anyway: only those without a host. */
static void set_absent(struct session *session, bool absent) {
  int flags = fcntl(session->in, F_GETFL);
  fcntl(session->in, F_SETOWN, getpid());
  fcntl(session->in, F_SETFL, absent ? flags | O_ASYNC : flags & ~O_ASYNC);
  session->absent = absent;
}

/* A port is opened once: the kernel refuses a second time, so those that are open already pass by. Said of one where nobody here has it. */
static bool taken;

static void open_ports(void) {
  DIR *folder = opendir(PORTS_FOLDER);
  if (folder == NULL) return;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    char path[300];
    if (entry->d_name[0] == '.' || !is_our_port(entry->d_name)) continue;
    snprintf(path, sizeof path, "/dev/%.255s", entry->d_name);
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) set_absent(new_session(fd, fd), true);
    if (fd < 0 && errno == EBUSY && loop_sessions() == NULL) taken = true;
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

/* A port whose host has gone is always ready, with nothing: so it is looked at only when the kernel tells, and now and then. */
static void look_for_hosts(void) {
  for (struct session *session = loop_sessions(); session != NULL; session = session->next) {
    struct pollfd polled = {.fd = session->in, .events = POLLIN};
    if (session->absent && poll(&polled, 1, 0) >= 0 && (polled.revents & POLLHUP) == 0) set_absent(session, false);
  }
}

static int tick(void) {
  look_for_ports();
  /* Another agent serves this machine. Process 1 has nobody beside it, and may not end. */
  if (taken && loop_sessions() == NULL && getpid() != 1) loop_stop();
  look_for_hosts();
  return loop_sessions() == NULL ? LOOK_FOR_FIRST_MS : LOOK_FOR_MORE_MS;
}

static void wait_for_next_host(struct session *session) { set_absent(session, true); }

void serve_ports(void) {
  become_subreaper();
  arrange_host_signal();
  loop_run(wait_for_next_host, tick);
  exec_wait_for_all();
}
