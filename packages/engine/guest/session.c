#include "session.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fields.h"
#include "stream.h"

#define READ_SIZE 65536

bool session_has_room(const struct session *session) { return session->output.length < OUTPUT_HIGH; }

uint32_t session_new_id(struct session *session) {
  do session->next_id += 2;
  while (session->next_id == 0 || stream_find(session, session->next_id) != NULL);
  return session->next_id;
}

static void send_header(struct session *session, enum frame_type type, uint32_t id, size_t length) {
  unsigned char header[HEADER_SIZE];
  put_u32(header, (uint32_t)length);
  header[4] = (unsigned char)type;
  put_u32(header + 5, id);
  buffer_append(&session->output, header, sizeof header);
}

void session_send(struct session *session, enum frame_type type, uint32_t id, const void *payload, size_t length) {
  send_header(session, type, id, length);
  buffer_append(&session->output, payload, length);
}

void session_send_channel(struct session *session, enum frame_type type, const struct stream *stream, unsigned channel,
                          const void *payload, size_t length) {
  unsigned char byte = (unsigned char)channel;
  send_header(session, type, stream->id, length + 1);
  buffer_append(&session->output, &byte, 1);
  buffer_append(&session->output, payload, length);
}

static void say_hello(struct session *session) {
  struct buffer fields = {0};
  struct utsname names;
  field_number(&fields, TAG_VERSION, PROTOCOL_VERSION);
  if (uname(&names) == 0) {
    field_text(&fields, TAG_SYSTEM, names.sysname);
    field_text(&fields, TAG_RELEASE, names.release);
    field_text(&fields, TAG_ARCHITECTURE, names.machine);
  }
  session_send(session, FRAME_HELLO, 0, buffer_front(&fields), fields.length);
  buffer_free(&fields);
}

/* Where the preamble begins in what was read, or as much of it as is there. */
static size_t find_magic(const struct buffer *input) {
  const unsigned char *bytes = buffer_front(input);
  for (size_t at = 0; at < input->length; at++) {
    size_t length = input->length - at < MAGIC_SIZE ? input->length - at : MAGIC_SIZE;
    if (memcmp(bytes + at, HOST_MAGIC, length) == 0) return at;
  }
  return input->length;
}

/* Passes over everything before the preamble: a port may hold what an earlier host left. */
static bool take_preamble(struct session *session) {
  buffer_drop(&session->input, session->input.length == 0 ? 0 : find_magic(&session->input));
  if (session->input.length < MAGIC_SIZE + NONCE_SIZE) return false;
  buffer_append(&session->output, GUEST_MAGIC, MAGIC_SIZE);
  buffer_append(&session->output, buffer_front(&session->input) + MAGIC_SIZE, NONCE_SIZE);
  buffer_drop(&session->input, MAGIC_SIZE + NONCE_SIZE);
  session->open = true;
  say_hello(session);
  return true;
}

static bool open_request(struct session *session, uint32_t id) {
  struct request request;
  bool valid = request_read(&request, buffer_front(&session->request), session->request.length);
  if (valid) stream_open(session, id, session->request_kind, &request);
  request_free(&request);
  buffer_free(&session->request);
  session->request_stream = 0;
  return valid;
}

/* A request: its kind, whether more of it follows, and its fields. The frames of one request come one after the other. */
static bool take_request(struct session *session, uint32_t id, const unsigned char *payload, size_t length) {
  if (length < 2 || id % 2 == 0) return false;
  bool first = session->request_stream == 0;
  if (first && stream_find(session, id) != NULL) return false;
  if (!first && (session->request_stream != id || session->request_kind != payload[0])) return false;
  if (session->request.length + length > MAX_REQUEST) return false;
  session->request_stream = id;
  session->request_kind = payload[0];
  buffer_append(&session->request, payload + 2, length - 2);
  return payload[1] != 0 || open_request(session, id);
}

static bool take_frame(struct session *session, const unsigned char *frame, size_t length) {
  enum frame_type type = frame[4];
  uint32_t id = get_u32(frame + 5);
  const unsigned char *payload = frame + HEADER_SIZE;
  if (type == FRAME_OPEN) return take_request(session, id, payload, length);
  struct stream *stream = stream_find(session, id);
  /* It may have ended while the host's frame was on its way. */
  if (stream == NULL) return type >= FRAME_DATA && type <= FRAME_CLOSE;
  return stream_frame(stream, type, payload, length);
}

static void take_input(struct session *session) {
  while (!session->broken) {
    if (!session->open && !take_preamble(session)) return;
    if (session->input.length < HEADER_SIZE) return;
    uint32_t length = get_u32(buffer_front(&session->input));
    if (length > MAX_PAYLOAD) {
      session->broken = true;
      return;
    }
    if (session->input.length < HEADER_SIZE + length) return;
    session->broken = !take_frame(session, buffer_front(&session->input), length);
    if (!session->broken) buffer_drop(&session->input, HEADER_SIZE + length);
  }
}

bool session_read(struct session *session) {
  ssize_t count = read(session->in, buffer_room(&session->input, READ_SIZE), READ_SIZE);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  buffer_grew(&session->input, (size_t)count);
  take_input(session);
  return true;
}

bool session_write(struct session *session) {
  if (session->output.length == 0) return true;
  ssize_t count = write(session->out, buffer_front(&session->output), session->output.length);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  buffer_drop(&session->output, (size_t)count);
  return true;
}

void session_reset(struct session *session) {
  while (session->streams != NULL) stream_free(session->streams);
  buffer_free(&session->request);
  session->request_stream = 0;
  session->open = false;
  session->broken = false;
}

static bool is_done(const struct stream *stream) {
  bool sends = false;
  for (unsigned channel = 0; channel < CHANNELS; channel++) sends = sends || stream->sources[channel].fd >= 0;
  return stream->finished && !sends;
}

void session_sweep(struct session *session) {
  while (session->broken) {
    session_reset(session);
    session_send(session, FRAME_BROKEN, 0, NULL, 0);
    /* What broke the protocol may be the preamble of the next host. */
    take_input(session);
  }
  struct stream *next;
  for (struct stream *stream = session->streams; stream != NULL; stream = next) {
    next = stream->next;
    if (!is_done(stream)) continue;
    session_send(session, FRAME_CLOSED, stream->id, NULL, 0);
    stream_free(stream);
  }
}
