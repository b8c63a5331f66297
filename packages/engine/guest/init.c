#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

static void nothing(int signal_number) { (void)signal_number; }

void hold(void) {
  sigset_t awaited;
  sigemptyset(&awaited);
  static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT};
  for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) sigaddset(&awaited, numbers[index]);
  sigprocmask(SIG_BLOCK, &awaited, NULL);
  /* A signal that would be ignored may never be delivered: so each gets a handler. Blocked first, so that none goes there. */
  struct sigaction action = {.sa_handler = nothing};
  for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) sigaction(numbers[index], &action, NULL);
  int number = 0;
  while (number != SIGTERM && number != SIGINT) {
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    if (sigwait(&awaited, &number) != 0) return;
  }
}

#ifdef __linux__

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define PATH_VARIABLE "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define GRACE_MS 500
#define ROOT_DEVICE "/dev/vda"
/* Of control groups in version 2; others are left as they are. */
#define ROOT_GROUP "/sys/fs/cgroup/cgroup.procs"
/* The size of a block device in bytes (Linux, linux/fs.h, which musl does not have). */
#define DEVICE_SIZE _IOR(0x12, 114, size_t)
/* Grows a mounted file system to a number of blocks (Linux, fs/ext4/ext4.h). */
#define GROW_EXT4 _IOW('f', 16, uint64_t)

static const struct {
  const char *type;
  const char *folder;
  unsigned long flags;
  const char *options;
} mounts[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    {"devtmpfs", "/dev", MS_NOSUID, "mode=0755"},
    {"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,ptmxmode=0666"},
    {"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755"},
    {"tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777"},
};

/* The disk may be larger than the image: the machine's own limit says. Where it can't be grown, it stays as it is. */
static void grow_root(void) {
  uint64_t bytes = 0;
  struct statvfs root;
  const int device = open(ROOT_DEVICE, O_RDONLY | O_CLOEXEC);
  const int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (device >= 0 && folder >= 0 && ioctl(device, DEVICE_SIZE, &bytes) == 0 && statvfs("/", &root) == 0) {
    uint64_t blocks = bytes / root.f_bsize;
    if (blocks > root.f_blocks && ioctl(folder, GROW_EXT4, &blocks) != 0)
      fprintf(stderr, "cloister-guest: grow /: %s\n", strerror(errno));
  }
  if (device >= 0) close(device);
  if (folder >= 0) close(folder);
}

static const struct {
  const char *to;
  const char *name;
} links[] = {
    {"/proc/self/fd", "/dev/fd"},
    {"/proc/self/fd/0", "/dev/stdin"},
    {"/proc/self/fd/1", "/dev/stdout"},
    {"/proc/self/fd/2", "/dev/stderr"},
};

static bool is_mount_point(const char *folder) {
  char parent[64];
  struct stat own;
  struct stat above;
  snprintf(parent, sizeof parent, "%s/..", folder);
  return stat(folder, &own) == 0 && stat(parent, &above) == 0 && own.st_dev != above.st_dev;
}

static void mount_all(void) {
  for (size_t index = 0; index < sizeof mounts / sizeof *mounts; index++) {
    mkdir(mounts[index].folder, 0755);
    if (is_mount_point(mounts[index].folder)) continue;
    if (mount(mounts[index].type, mounts[index].folder, mounts[index].type, mounts[index].flags, mounts[index].options) != 0)
      fprintf(stderr, "cloister-guest: mount %s: %s\n", mounts[index].folder, strerror(errno));
  }
  for (size_t index = 0; index < sizeof links / sizeof *links; index++)
    if (symlink(links[index].to, links[index].name) != 0 && errno != EEXIST)
      fprintf(stderr, "cloister-guest: link %s: %s\n", links[index].name, strerror(errno));
}

static void raise_loopback(void) {
  struct ifreq request = {0};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  strcpy(request.ifr_name, "lo");
  if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP | IFF_RUNNING);
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) fprintf(stderr, "cloister-guest: loopback: %s\n", strerror(errno));
  }
  close(fd);
}

static void name_machine(void) {
  char name[64] = "cloister";
  FILE *file = fopen("/etc/hostname", "re");
  if (file != NULL && fgets(name, sizeof name, file) != NULL) name[strcspn(name, "\n")] = 0;
  if (file != NULL) fclose(file);
  if (sethostname(name, strlen(name)) != 0) fprintf(stderr, "cloister-guest: hostname: %s\n", strerror(errno));
}

static void settle_process(void) {
  umask(022);
  setenv("PATH", PATH_VARIABLE, 1);
  setenv("HOME", "/root", 0);
  if (chdir("/") != 0) fprintf(stderr, "cloister-guest: no root folder\n");
}

/* Who started this agent is a service: when that is stopped or renewed, all of its control group is killed. */
static void leave_service(void) {
  setsid();
  int group = open(ROOT_GROUP, O_WRONLY | O_CLOEXEC);
  if (group < 0) return;
  if (write(group, "0", 1) != 1) fprintf(stderr, "cloister-guest: %s: %s\n", ROOT_GROUP, strerror(errno));
  close(group);
}

void settle_in_machine(void) {
  settle_process();
  leave_service();
  raise_loopback();
}

void set_machine_up(void) {
  settle_process();
  mount_all();
  grow_root();
  raise_loopback();
  name_machine();
  /* Ctrl-Alt-Del is an ordinary signal to this process, which turns the machine off in order. */
  reboot(RB_DISABLE_CAD);
}

static void wait_for_children(long limit_ms) {
  uint64_t deadline = now_ms() + (uint64_t)limit_ms;
  while (now_ms() < deadline) {
    pid_t pid = waitpid(-1, NULL, WNOHANG);
    if (pid < 0 && errno == ECHILD) return;
    if (pid == 0) nap_ms(5);
  }
}

void turn_machine_off(void) {
  kill(-1, SIGTERM);
  wait_for_children(GRACE_MS);
  kill(-1, SIGKILL);
  wait_for_children(GRACE_MS);
  sync();
  /* So that the file system is clean; where something keeps it busy, its journal does. */
  mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
  reboot(RB_POWER_OFF);
}

#else

void settle_in_machine(void) {}

void set_machine_up(void) { fprintf(stderr, "cloister-guest: virtual machines run Linux\n"); }

void turn_machine_off(void) {}

#endif
