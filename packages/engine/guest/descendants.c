#include "descendants.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "buffer.h"
#include "clock.h"

#define GIVE_UP_MS 10000
#define STOP_ROUNDS 64

struct process {
  pid_t pid;
  pid_t parent;
  bool ours;
};

struct table {
  struct process *processes;
  size_t count;
  size_t capacity;
};

void become_subreaper(void) {
#ifdef __linux__
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
}

static pid_t parent_of(const char *pid) {
  char path[64];
  char text[512];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return -1;
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;
  /*
   * The name stands in parentheses, and may hold some itself. After it: state, parent. Zombies count: other threads of a process may
   * live on when its first one has ended.
   */
  const char *after = strrchr(text, ')');
  int parent = -1;
  return after != NULL && sscanf(after + 1, " %*c %d", &parent) == 1 ? parent : -1;
}

static void add(struct table *table, pid_t pid, pid_t parent) {
  if (table->count == table->capacity) {
    table->capacity = table->capacity == 0 ? 256 : table->capacity * 2;
    table->processes = realloc(table->processes, table->capacity * sizeof *table->processes);
    if (table->processes == NULL) _exit(70);
  }
  table->processes[table->count++] = (struct process){.pid = pid, .parent = parent};
}

static void read_table(struct table *table) {
  table->count = 0;
  DIR *folder = opendir("/proc");
  if (folder == NULL) return;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    pid_t parent = parent_of(entry->d_name);
    if (parent >= 0) add(table, (pid_t)atoi(entry->d_name), parent);
  }
  closedir(folder);
}

static bool is_spared(pid_t pid, const pid_t *spared, int count) {
  for (int index = 0; index < count; index++)
    if (spared[index] == pid) return true;
  return false;
}

static bool has_our_parent(const struct table *table, pid_t parent) {
  if (parent == getpid()) return true;
  for (size_t index = 0; index < table->count; index++)
    if (table->processes[index].pid == parent) return table->processes[index].ours;
  return false;
}

/* Marks descendants: a child after its parent, so again until nothing is new. */
static void mark_ours(struct table *table, const pid_t *spared, int spared_count) {
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t index = 0; index < table->count; index++) {
      struct process *process = &table->processes[index];
      if (process->ours || is_spared(process->pid, spared, spared_count)) continue;
      if (!has_our_parent(table, process->parent)) continue;
      process->ours = changed = true;
    }
  }
}

static size_t signal_ours(const struct table *table, int signal_number) {
  size_t count = 0;
  for (size_t index = 0; index < table->count; index++)
    if (table->processes[index].ours && kill(table->processes[index].pid, signal_number) == 0) count++;
  return count;
}

/* Stops all before it kills any: what forks faster than it is killed would go on for ever. @returns how many there were */
static size_t kill_all_found(const pid_t *spared, int spared_count, pid_t program) {
  struct table table = {0};
  size_t found = 0;
  for (int round = 0; round < STOP_ROUNDS; round++) {
    read_table(&table);
    mark_ours(&table, spared, spared_count);
    size_t count = signal_ours(&table, SIGSTOP);
    if (count == found) break;
    found = count;
  }
  signal_ours(&table, SIGKILL);
  if (table.count == 0 && program > 0) kill(-program, SIGKILL);
  free(table.processes);
  return found;
}

/* False where this process has no child left. */
static bool reap(int *killed, pid_t program, void (*reaped)(pid_t, int)) {
  for (;;) {
    int status = 0;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid < 0) return errno != ECHILD;
    if (pid == 0) return true;
    if (pid != program && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) (*killed)++;
    if (reaped != NULL) reaped(pid, status);
  }
}

struct kill_report kill_descendants(const pid_t *spared, int spared_count, pid_t program, void (*reaped)(pid_t, int)) {
  struct kill_report report = {0};
  uint64_t deadline = now_ms() + GIVE_UP_MS;
  while (!report.emptied && now_ms() < deadline) {
    report.emptied = !reap(&report.killed, program, reaped);
    if (report.emptied) break;
    report.emptied = kill_all_found(spared, spared_count, program) == 0 && spared_count > 0;
    nap_ms(1);
  }
  return report;
}
