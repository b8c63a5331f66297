/*
 * Owns: users and groups, read from /etc/passwd and /etc/group. The C library's own look-up loads shared libraries, which a static
 * program must not.
 */
#ifndef CLOISTER_USERS_H
#define CLOISTER_USERS_H

#include <stdbool.h>
#include <sys/types.h>

#define MAX_GROUPS 64

struct user {
  uid_t uid;
  gid_t gid;
  char home[256];
  gid_t groups[MAX_GROUPS];
  int group_count;
};

/* By name; where it is NULL, the one that this process runs as. False: there is none of that name. */
bool find_user(const char *name, struct user *user);
/* For good, in a child. False with errno where it may not. */
bool become_user(const struct user *user);
/* For a moment, in the agent: what it opens and makes is checked against, and belongs to, the user. */
bool act_as_user(const struct user *user);
void act_as_self(void);

#endif
