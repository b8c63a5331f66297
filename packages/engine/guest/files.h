/* Owns: files of the guest, written whole or not at all, and read where they are regular files. */
#ifndef CLOISTER_FILES_H
#define CLOISTER_FILES_H

#include "stream.h"

void put_open(struct stream *stream, const struct request *request);
void get_open(struct stream *stream, const struct request *request);

#endif
