/* Owns: descriptors of this process. All are closed on exec; supervisors keep none of the agent's but their own. */
#ifndef CLOISTER_DESCRIPTORS_H
#define CLOISTER_DESCRIPTORS_H

#include <stdbool.h>

bool make_pipe(int ends[2]);
void close_if_open(int *fd);
void set_nonblocking(int fd);
void set_close_on_exec(int fd);
/* Closes all but 0, 1, 2 and those of `kept`. */
void close_others(const int *kept, int count);
/* Puts /dev/null on 0, 1 and 2. */
void silence_standard_streams(void);

#endif
