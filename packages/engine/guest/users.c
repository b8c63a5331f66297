#include "users.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 8192

/* Cuts a line at its colons. */
static int split(char *line, char **parts, int limit) {
  int count = 0;
  line[strcspn(line, "\n")] = 0;
  for (char *part = line; part != NULL && count < limit; count++) {
    parts[count] = part;
    part = strchr(part, ':');
    if (part != NULL) *part++ = 0;
  }
  return count;
}

static bool is_user(char **parts, const char *name) {
  return name != NULL ? strcmp(parts[0], name) == 0 : (uid_t)strtoul(parts[2], NULL, 10) == geteuid();
}

static bool read_user(const char *name, struct user *user, char *found_name, size_t name_size) {
  FILE *file = fopen("/etc/passwd", "re");
  char line[LINE_SIZE];
  char *parts[7];
  bool found = false;
  while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
    if (split(line, parts, 7) < 6 || !is_user(parts, name)) continue;
    user->uid = (uid_t)strtoul(parts[2], NULL, 10);
    user->gid = (gid_t)strtoul(parts[3], NULL, 10);
    snprintf(user->home, sizeof user->home, "%s", parts[5]);
    snprintf(found_name, name_size, "%s", parts[0]);
    found = true;
  }
  if (file != NULL) fclose(file);
  return found;
}

static bool lists(char *members, const char *name) {
  char *rest = NULL;
  for (char *member = strtok_r(members, ",", &rest); member != NULL; member = strtok_r(NULL, ",", &rest))
    if (strcmp(member, name) == 0) return true;
  return false;
}

static void read_groups(const char *name, struct user *user) {
  FILE *file = fopen("/etc/group", "re");
  char line[LINE_SIZE];
  char *parts[4];
  while (file != NULL && user->group_count < MAX_GROUPS && fgets(line, sizeof line, file) != NULL) {
    if (split(line, parts, 4) < 4 || !lists(parts[3], name)) continue;
    user->groups[user->group_count++] = (gid_t)strtoul(parts[2], NULL, 10);
  }
  if (file != NULL) fclose(file);
}

bool find_user(const char *name, struct user *user) {
  char found_name[64] = "";
  memset(user, 0, sizeof *user);
  if (read_user(name, user, found_name, sizeof found_name)) {
    user->groups[user->group_count++] = user->gid;
    read_groups(found_name, user);
    return true;
  }
  if (name != NULL) return false;
  /* Containers may run under a number that has no name. */
  user->uid = geteuid();
  user->gid = getegid();
  const char *home = getenv("HOME");
  snprintf(user->home, sizeof user->home, "%s", home == NULL ? "/" : home);
  return true;
}

bool become_user(const struct user *user) {
  /* Nothing to do, and maybe no right to do it: root of a sandbox has no capabilities. */
  if (user->uid == geteuid()) return true;
  if (setgroups((size_t)user->group_count, user->groups) != 0) return false;
  return setgid(user->gid) == 0 && setuid(user->uid) == 0;
}

bool act_as_user(const struct user *user) {
  if (user->uid == geteuid()) return true;
  if (setgroups((size_t)user->group_count, user->groups) != 0 || setegid(user->gid) != 0) return false;
  if (seteuid(user->uid) == 0) return true;
  act_as_self();
  return false;
}

void act_as_self(void) {
  if (geteuid() == getuid()) return;
  gid_t own = getgid();
  if (seteuid(getuid()) != 0 || setegid(own) != 0 || setgroups(1, &own) != 0) _exit(71);
}
