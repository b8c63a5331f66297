/* Owns: becoming a program. What happens between fork and exec in the child: session, terminal, user, folder, look-up on PATH. */
#ifndef CLOISTER_PROGRAM_H
#define CLOISTER_PROGRAM_H

#include <stdnoreturn.h>

#include "users.h"

struct program {
  char **arguments;   /* ends with NULL, at least one before it */
  char **variables;   /* ends with NULL */
  const char *folder; /* NULL: the user's home */
  struct user user;
  const char *terminal; /* path of its terminal; NULL: it has none */
  int streams[3];       /* its standard input, output and error; -1: the terminal's, or /dev/null */
};

/* Becomes the program; where that fails, writes errno to `report` and ends. */
noreturn void become_program(const struct program *program, int report);

#endif
