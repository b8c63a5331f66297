#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "exec.h"
#include "files.h"
#include "machine.h"
#include "sockets.h"

#define PIECE 32768
/* Credit is given back when this much of it has been used: often enough that the host never waits for it. */
#define CREDIT_STEP (INITIAL_CREDIT / 4)

struct stream *stream_new(struct session *session, uint32_t id, const struct kind *kind) {
  struct stream *stream = allocate(sizeof *stream);
  stream->session = session;
  stream->id = id;
  stream->kind = kind;
  for (unsigned channel = 0; channel < CHANNELS; channel++) {
    stream->sources[channel].fd = -1;
    stream->sources[channel].credit = INITIAL_CREDIT;
  }
  stream->sink = -1;
  stream->watch = -1;
  stream->allowed = INITIAL_CREDIT;
  stream->next = session->streams;
  session->streams = stream;
  session->stream_count++;
  return stream;
}

struct stream *stream_find(struct session *session, uint32_t id) {
  struct stream *stream = session->streams;
  while (stream != NULL && stream->id != id) stream = stream->next;
  return stream;
}

static bool is_source(const struct stream *stream, int fd) {
  return fd == stream->sources[0].fd || fd == stream->sources[1].fd;
}

void stream_free(struct stream *stream) {
  if (stream->kind->release != NULL) stream->kind->release(stream);
  stream_close_sink(stream);
  for (unsigned channel = 0; channel < CHANNELS; channel++)
    if (stream->sources[channel].fd >= 0) close(stream->sources[channel].fd);
  if (stream->watch >= 0) close(stream->watch);
  struct stream **link = &stream->session->streams;
  while (*link != stream) link = &(*link)->next;
  *link = stream->next;
  stream->session->stream_count--;
  buffer_free(&stream->queue);
  free(stream->state);
  free(stream);
}

void stream_open(struct session *session, uint32_t id, uint8_t request_kind, const struct request *request) {
  static void (*const openers[])(struct stream *, const struct request *) = {
      [KIND_EXEC] = exec_open,           [KIND_PUT] = put_open,
      [KIND_GET] = get_open,             [KIND_LISTEN] = listen_open,
      [KIND_CONNECT] = connect_open,     [KIND_SET_CLOCK] = set_clock,
      [KIND_SET_IDENTITY] = set_identity, [KIND_HEALTH] = tell_health,
      [KIND_PING] = answer_ping,         [KIND_SHUTDOWN] = shut_down,
  };
  static const struct kind none = {0};
  struct stream *stream = stream_new(session, id, &none);
  bool known = request_kind < sizeof openers / sizeof *openers && openers[request_kind] != NULL;
  if (session->stream_count > MAX_STREAMS)
    stream_finish_error(stream, EMFILE);
  else if (!known)
    stream_finish_error(stream, ENOSYS);
  else
    openers[request_kind](stream, request);
}

static void give_credit(struct stream *stream, size_t count) {
  stream->owed += (uint32_t)count;
  if (stream->owed < CREDIT_STEP) return;
  unsigned char bytes[4];
  put_u32(bytes, stream->owed);
  session_send_channel(stream->session, FRAME_CREDIT, stream, 0, bytes, sizeof bytes);
  stream->allowed += stream->owed;
  stream->owed = 0;
}

/* What nobody reads any more is dropped, so that the host is not held up by it. */
static void drop_queue(struct stream *stream) {
  size_t count = stream->queue.length;
  buffer_free(&stream->queue);
  give_credit(stream, count);
}

static void input_is_over(struct stream *stream) {
  if (!stream->input_over || stream->queue.length > 0) return;
  if (stream->kind->input_ended != NULL && !stream->finished) stream->kind->input_ended(stream);
}

void stream_pump_sink(struct stream *stream) {
  while (stream->sink >= 0 && stream->queue.length > 0) {
    ssize_t count = write(stream->sink, buffer_front(&stream->queue), stream->queue.length);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) {
      int error = errno;
      stream_close_sink(stream);
      if (stream->kind->input_failed != NULL) stream->kind->input_failed(stream, error);
      break;
    }
    buffer_drop(&stream->queue, (size_t)count);
    give_credit(stream, (size_t)count);
  }
  if (stream->sink < 0) drop_queue(stream);
  input_is_over(stream);
}

static bool take_data(struct stream *stream, const unsigned char *bytes, size_t length) {
  if (length > stream->allowed || stream->input_over) return false;
  stream->allowed -= length;
  buffer_append(&stream->queue, bytes, length);
  stream_pump_sink(stream);
  return true;
}

static bool take_credit(struct stream *stream, unsigned channel, const unsigned char *bytes, size_t length) {
  if (length != 4) return false;
  stream->sources[channel].credit += get_u32(bytes);
  return true;
}

static void close_stream(struct stream *stream) {
  stream->closing = true;
  for (unsigned channel = 0; channel < CHANNELS; channel++) stream_end_source(stream, channel);
  if (stream->finished) return;
  if (stream->kind->close != NULL)
    stream->kind->close(stream);
  else
    stream_finish_error(stream, ECANCELED);
}

static bool take_channel_frame(struct stream *stream, enum frame_type type, const unsigned char *payload, size_t length) {
  if (length < 1 || payload[0] >= CHANNELS) return false;
  if (type == FRAME_CREDIT) return take_credit(stream, payload[0], payload + 1, length - 1);
  if (payload[0] != 0) return false;
  if (type == FRAME_DATA) return take_data(stream, payload + 1, length - 1);
  if (stream->input_over) return false;
  stream->input_over = true;
  input_is_over(stream);
  return true;
}

bool stream_frame(struct stream *stream, enum frame_type type, const unsigned char *payload, size_t length) {
  switch (type) {
    case FRAME_DATA:
    case FRAME_END:
    case FRAME_CREDIT:
      return take_channel_frame(stream, type, payload, length);
    case FRAME_SIGNAL:
    case FRAME_RESIZE:
    case FRAME_KILL:
      if (stream->kind->control != NULL && !stream->finished) stream->kind->control(stream, type, payload, length);
      return true;
    case FRAME_CLOSE:
      close_stream(stream);
      return true;
    default:
      return false;
  }
}

void stream_pump_source(struct stream *stream, unsigned channel) {
  struct source *source = &stream->sources[channel];
  unsigned char bytes[PIECE];
  size_t room = source->credit < PIECE ? (size_t)source->credit : PIECE;
  ssize_t count = read(source->fd, bytes, room);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) {
    source->credit -= (uint64_t)count;
    session_send_channel(stream->session, FRAME_DATA, stream, channel, bytes, (size_t)count);
    return;
  }
  stream->error = count < 0 ? errno : 0;
  stream_end_source(stream, channel);
  if (stream->kind->source_ended != NULL && !stream->finished) stream->kind->source_ended(stream);
}

void stream_end_source(struct stream *stream, unsigned channel) {
  int fd = stream->sources[channel].fd;
  if (fd < 0) return;
  stream->sources[channel].fd = -1;
  if (fd != stream->sink) close(fd);
  session_send_channel(stream->session, FRAME_END, stream, channel, NULL, 0);
}

void stream_close_sink(struct stream *stream) {
  int fd = stream->sink;
  stream->sink = -1;
  if (fd >= 0 && !is_source(stream, fd)) close(fd);
}

void stream_ready(struct stream *stream, struct buffer *fields) {
  session_send(stream->session, FRAME_READY, stream->id, fields->length == 0 ? NULL : buffer_front(fields), fields->length);
  buffer_free(fields);
}

void stream_finish(struct stream *stream, struct buffer *fields) {
  if (!stream->finished)
    session_send(stream->session, FRAME_RESULT, stream->id, fields->length == 0 ? NULL : buffer_front(fields), fields->length);
  stream->finished = true;
  buffer_free(fields);
}

void stream_finish_error(struct stream *stream, int error) {
  struct buffer fields = {0};
  if (error != 0) field_text(&fields, TAG_ERROR, error_name(error));
  stream_finish(stream, &fields);
}
