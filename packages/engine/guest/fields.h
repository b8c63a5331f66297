/* Owns: what requests and answers are made of. A field is a tag (u8), a length (u32, little endian) and its bytes; numbers are u64. */
#ifndef CLOISTER_FIELDS_H
#define CLOISTER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "protocol.h"

#define SEED_SIZE 32

/* A request, read. Texts are NULL where they were not sent. */
struct request {
  char **arguments; /* ends with NULL */
  size_t argument_count;
  char **variables; /* ends with NULL */
  size_t variable_count;
  char *texts[TAG_LIMIT];
  bool present[TAG_LIMIT];
  uint64_t numbers[TAG_LIMIT];
  unsigned char seed[SEED_SIZE];
};

/* False: the bytes are no fields. Unknown tags are passed over, for later versions. Free it either way. */
bool request_read(struct request *request, const unsigned char *bytes, size_t length);
void request_free(struct request *request);

void put_u16(unsigned char *at, uint16_t value);
void put_u32(unsigned char *at, uint32_t value);
uint16_t get_u16(const unsigned char *at);
uint32_t get_u32(const unsigned char *at);

void field_number(struct buffer *fields, enum field_tag tag, uint64_t value);
/* Texts longer than 256 bytes are cut. */
void field_text(struct buffer *fields, enum field_tag tag, const char *text);

#endif
