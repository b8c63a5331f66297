/* Owns: memory. A queue of bytes that grows as needed and gives back what it no longer needs; allocation that does not fail. */
#ifndef CLOISTER_BUFFER_H
#define CLOISTER_BUFFER_H

#include <stddef.h>

struct buffer {
  unsigned char *bytes;
  size_t start;    /* of what is in it */
  size_t length;   /* of what is in it */
  size_t capacity; /* of `bytes` */
};

/* Zeroed memory. Ends the process where there is none: everything that this agent holds is bounded and small. */
void *allocate(size_t size);
char *copy_text(const unsigned char *bytes, size_t length);

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
/* Makes room for `length` bytes at the end; buffer_grew() then says how many were written there. */
unsigned char *buffer_room(struct buffer *buffer, size_t length);
void buffer_grew(struct buffer *buffer, size_t length);
const unsigned char *buffer_front(const struct buffer *buffer);
void buffer_drop(struct buffer *buffer, size_t length);
void buffer_free(struct buffer *buffer);

#endif
