/* Owns: what is of the whole machine: its clock, its identity, its health, its end. */
#ifndef CLOISTER_MACHINE_H
#define CLOISTER_MACHINE_H

#include "stream.h"

void set_clock(struct stream *stream, const struct request *request);
void set_identity(struct stream *stream, const struct request *request);
void tell_health(struct stream *stream, const struct request *request);
void answer_ping(struct stream *stream, const struct request *request);
void shut_down(struct stream *stream, const struct request *request);

#endif
