/*
 * Owns: one connection to a host. Its preamble, its frames, which streams it has, and that a breach of the protocol ends what it has and
 * begins anew. What streams do is theirs (stream.h).
 */
#ifndef CLOISTER_SESSION_H
#define CLOISTER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "protocol.h"

/* Beyond this, nothing more is read from programs, files or the host until the host has taken some. */
#define OUTPUT_HIGH 262144

struct stream;

struct session {
  int in;  /* -1: gone */
  int out; /* the same as `in` for a VM's port */
  bool absent; /* a port that no host is connected to */
  bool open;   /* the preamble has been exchanged */
  bool broken; /* to be reset */
  struct buffer input;
  struct buffer output;
  struct buffer request; /* of a request that comes in several frames */
  uint32_t request_stream;
  uint8_t request_kind;
  struct stream *streams;
  unsigned stream_count;
  uint32_t next_id; /* of streams that begin here: even ones */
  struct session *next;
};

/* Reads what there is, and acts on it. False: the host has gone. */
bool session_read(struct session *session);
/* Writes what it takes now. False: the host has gone. */
bool session_write(struct session *session);
/* Ends streams that are done, and after a breach all of them. */
void session_sweep(struct session *session);
/* Ends all that the session has, and waits for a preamble again. What is still to be sent stays. */
void session_reset(struct session *session);
/* False where the host is to take some of the output first. */
bool session_has_room(const struct session *session);

void session_send(struct session *session, enum frame_type type, uint32_t id, const void *payload, size_t length);
/* As session_send(), with the channel before the payload. */
void session_send_channel(struct session *session, enum frame_type type, const struct stream *stream, unsigned channel,
                          const void *payload, size_t length);
uint32_t session_new_id(struct session *session);

#endif
