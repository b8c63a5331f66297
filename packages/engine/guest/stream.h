/*
 * Owns: one request and what runs for it. Carries bytes between descriptors and the host within the credit of each direction. What a
 * stream is about (a program, a file, a connection) is its kind's; a kind never frees a stream: it finishes it, and the sweep frees it.
 */
#ifndef CLOISTER_STREAM_H
#define CLOISTER_STREAM_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "fields.h"
#include "session.h"

#define CHANNELS 2

/* A descriptor whose bytes go to the host. */
struct source {
  int fd; /* -1: none, or its end has been sent */
  uint64_t credit;
};

/* What differs between kinds of streams. Any may be NULL. */
struct kind {
  void (*watched)(struct stream *stream, short events);       /* `watch` is ready */
  void (*input_ended)(struct stream *stream);                 /* the host has ended its input, and all of it is written */
  void (*input_failed)(struct stream *stream, int error);     /* the sink takes no more */
  void (*source_ended)(struct stream *stream);                /* by itself; `error` of the read in `stream->error` */
  void (*control)(struct stream *stream, enum frame_type type, const unsigned char *payload, size_t length);
  void (*close)(struct stream *stream);                       /* the host wants it to end; default: finish */
  void (*release)(struct stream *stream);                     /* is about to be freed */
};

struct stream {
  struct session *session;
  uint32_t id;
  const struct kind *kind;
  struct source sources[CHANNELS];
  int sink; /* where the host's bytes go; -1: nowhere, they are dropped */
  struct buffer queue;
  uint64_t allowed; /* what the host may still send */
  uint32_t owed;    /* credit to give back */
  bool input_over;  /* the host has ended its input */
  int watch;        /* the kind's own descriptor */
  short watch_events;
  bool finished; /* the result has been sent */
  bool closing;  /* the host wants it to end */
  int error;
  void *state; /* the kind's own */
  struct stream *next;
};

struct stream *stream_new(struct session *session, uint32_t id, const struct kind *kind);
struct stream *stream_find(struct session *session, uint32_t id);
void stream_free(struct stream *stream);

/* Starts what a request asks for. */
void stream_open(struct session *session, uint32_t id, uint8_t request_kind, const struct request *request);
/* Handles a frame from the host. False: a breach. */
bool stream_frame(struct stream *stream, enum frame_type type, const unsigned char *payload, size_t length);

/* Called when poll() says so. */
void stream_pump_source(struct stream *stream, unsigned channel);
void stream_pump_sink(struct stream *stream);

void stream_end_source(struct stream *stream, unsigned channel);
void stream_close_sink(struct stream *stream);
void stream_ready(struct stream *stream, struct buffer *fields);
/* Sends the result, once. Takes the fields. */
void stream_finish(struct stream *stream, struct buffer *fields);
/* Sends a result that says what went wrong (an errno), or nothing for 0. */
void stream_finish_error(struct stream *stream, int error);

#endif
