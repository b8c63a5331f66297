#include "fields.h"

#include <stdlib.h>
#include <string.h>

#define FIELD_HEADER 5
#define LONGEST_TEXT 256

void put_u16(unsigned char *at, uint16_t value) {
  at[0] = (unsigned char)value;
  at[1] = (unsigned char)(value >> 8);
}

void put_u32(unsigned char *at, uint32_t value) {
  put_u16(at, (uint16_t)value);
  put_u16(at + 2, (uint16_t)(value >> 16));
}

uint16_t get_u16(const unsigned char *at) { return (uint16_t)(at[0] | at[1] << 8); }

uint32_t get_u32(const unsigned char *at) { return get_u16(at) | (uint32_t)get_u16(at + 2) << 16; }

static uint64_t get_u64(const unsigned char *at) { return get_u32(at) | (uint64_t)get_u32(at + 4) << 32; }

static void field(struct buffer *fields, enum field_tag tag, const void *bytes, uint32_t length) {
  unsigned char header[FIELD_HEADER] = {(unsigned char)tag};
  put_u32(header + 1, length);
  buffer_append(fields, header, sizeof header);
  buffer_append(fields, bytes, length);
}

void field_number(struct buffer *fields, enum field_tag tag, uint64_t value) {
  unsigned char bytes[8];
  put_u32(bytes, (uint32_t)value);
  put_u32(bytes + 4, (uint32_t)(value >> 32));
  field(fields, tag, bytes, sizeof bytes);
}

void field_text(struct buffer *fields, enum field_tag tag, const char *text) {
  size_t length = strlen(text);
  field(fields, tag, text, (uint32_t)(length > LONGEST_TEXT ? LONGEST_TEXT : length));
}

static void list_append(char ***list, size_t *count, char *text) {
  /* One more for the NULL at the end; capacity doubles at each power of two. */
  if ((*count & (*count + 1)) == 0) {
    char **grown = allocate((*count * 2 + 2) * sizeof *grown);
    if (*list != NULL) memcpy(grown, *list, *count * sizeof *grown);
    free(*list);
    *list = grown;
  }
  (*list)[(*count)++] = text;
  (*list)[*count] = NULL;
}

static bool is_text(enum field_tag tag) {
  return tag == TAG_FOLDER || tag == TAG_USER || tag == TAG_PATH || tag == TAG_HOSTNAME || tag == TAG_MACHINE_ID;
}

static bool read_text(struct request *request, enum field_tag tag, const unsigned char *bytes, size_t length) {
  if (length > 0 && memchr(bytes, 0, length) != NULL) return false;
  char *text = copy_text(bytes, length);
  if (tag == TAG_ARGUMENT) {
    list_append(&request->arguments, &request->argument_count, text);
  } else if (tag == TAG_VARIABLE) {
    list_append(&request->variables, &request->variable_count, text);
  } else {
    free(request->texts[tag]);
    request->texts[tag] = text;
  }
  return true;
}

static bool read_field(struct request *request, unsigned tag, const unsigned char *bytes, size_t length) {
  if (tag > TAG_SIZE) return true;
  request->present[tag] = true;
  if (tag == TAG_ARGUMENT || tag == TAG_VARIABLE || is_text(tag)) return read_text(request, tag, bytes, length);
  if (tag == TAG_SEED) {
    if (length != SEED_SIZE) return false;
    memcpy(request->seed, bytes, SEED_SIZE);
    return true;
  }
  if (length != 8) return false;
  request->numbers[tag] = get_u64(bytes);
  return true;
}

bool request_read(struct request *request, const unsigned char *bytes, size_t length) {
  memset(request, 0, sizeof *request);
  while (length > 0) {
    if (length < FIELD_HEADER) return false;
    uint32_t size = get_u32(bytes + 1);
    if (size > length - FIELD_HEADER) return false;
    if (!read_field(request, bytes[0], bytes + FIELD_HEADER, size)) return false;
    bytes += FIELD_HEADER + size;
    length -= FIELD_HEADER + size;
  }
  return true;
}

static void list_free(char **list, size_t count) {
  for (size_t index = 0; index < count; index++) free(list[index]);
  free(list);
}

void request_free(struct request *request) {
  list_free(request->arguments, request->argument_count);
  list_free(request->variables, request->variable_count);
  for (size_t tag = 0; tag < TAG_LIMIT; tag++) free(request->texts[tag]);
  memset(request, 0, sizeof *request);
}
