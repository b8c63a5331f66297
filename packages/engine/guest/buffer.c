#include "buffer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALLEST 256

void *allocate(size_t size) {
  void *memory = calloc(1, size);
  if (memory == NULL) _exit(70);
  return memory;
}

char *copy_text(const unsigned char *bytes, size_t length) {
  char *text = allocate(length + 1);
  if (length > 0) memcpy(text, bytes, length);
  return text;
}

unsigned char *buffer_room(struct buffer *buffer, size_t length) {
  size_t needed = buffer->length + length;
  if (buffer->start + needed <= buffer->capacity) return buffer->bytes + buffer->start + buffer->length;
  if (buffer->start > 0) memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->length);
  buffer->start = 0;
  if (needed > buffer->capacity) {
    size_t capacity = buffer->capacity < SMALLEST ? SMALLEST : buffer->capacity;
    while (capacity < needed) capacity *= 2;
    buffer->bytes = realloc(buffer->bytes, capacity);
    if (buffer->bytes == NULL) _exit(70);
    buffer->capacity = capacity;
  }
  return buffer->bytes + buffer->length;
}

void buffer_grew(struct buffer *buffer, size_t length) { buffer->length += length; }

void buffer_append(struct buffer *buffer, const void *bytes, size_t length) {
  if (length == 0) return;
  memcpy(buffer_room(buffer, length), bytes, length);
  buffer->length += length;
}

const unsigned char *buffer_front(const struct buffer *buffer) { return buffer->bytes + buffer->start; }

void buffer_drop(struct buffer *buffer, size_t length) {
  buffer->start += length;
  buffer->length -= length;
  if (buffer->length == 0) buffer_free(buffer);
}

void buffer_free(struct buffer *buffer) {
  free(buffer->bytes);
  memset(buffer, 0, sizeof *buffer);
}
