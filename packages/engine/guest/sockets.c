#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptors.h"

#define BACKLOG 128

static int new_socket(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  if (fd < 0) return -1;
  set_close_on_exec(fd);
  set_nonblocking(fd);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static struct sockaddr_in loopback(uint64_t port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET,
      .sin_port = htons((uint16_t)port),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
}

static bool is_port(const struct request *request) {
  return request->numbers[TAG_PORT] >= 1 && request->numbers[TAG_PORT] <= 65535;
}

/* Both directions are over: then it is done. */
static void finish_when_over(struct stream *stream) {
  if (stream->sink < 0 && stream->sources[0].fd < 0) stream_finish_error(stream, 0);
}

static void relay_input_ended(struct stream *stream) {
  if (stream->sink >= 0) shutdown(stream->sink, SHUT_WR);
  stream_close_sink(stream);
  finish_when_over(stream);
}

static void relay_input_failed(struct stream *stream, int error) {
  stream_end_source(stream, 0);
  stream_finish_error(stream, error);
}

static void relay_source_ended(struct stream *stream) {
  if (stream->error != 0)
    stream_finish_error(stream, stream->error);
  else
    finish_when_over(stream);
}

/* The host gave up in the middle: who is at the other end must not take it for an end in order. */
static void relay_close(struct stream *stream) {
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (stream->sink >= 0) setsockopt(stream->sink, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  stream_finish_error(stream, ECANCELED);
}

static const struct kind relay_kind = {
    .input_ended = relay_input_ended,
    .input_failed = relay_input_failed,
    .source_ended = relay_source_ended,
    .close = relay_close,
};

static void relay(struct stream *stream, int fd) {
  stream->kind = &relay_kind;
  stream->sink = fd;
  stream->sources[0].fd = fd;
}

static void accept_one(struct stream *listener, short events) {
  (void)events;
  struct session *session = listener->session;
  int fd = accept(listener->watch, NULL, NULL);
  if (fd < 0) return;
  set_close_on_exec(fd);
  set_nonblocking(fd);
  if (session->stream_count >= MAX_STREAMS) {
    close(fd);
    return;
  }
  struct stream *stream = stream_new(session, session_new_id(session), &relay_kind);
  struct buffer fields = {0};
  buffer_append(&fields, (const unsigned char[]){KIND_ACCEPTED, 0}, 2);
  field_number(&fields, TAG_LISTENER, listener->id);
  session_send(session, FRAME_OPEN, stream->id, buffer_front(&fields), fields.length);
  buffer_free(&fields);
  relay(stream, fd);
}

static const struct kind listen_kind = {.watched = accept_one};

/* Several hosts may listen on one port, each through an agent of its own: the system then asks any of them. */
static bool listen_on(int fd, uint64_t port) {
  struct sockaddr_in address = loopback(port);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  return bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0;
}

void listen_open(struct stream *stream, const struct request *request) {
  struct buffer fields = {0};
  stream->kind = &listen_kind;
  stream->watch = is_port(request) ? new_socket() : -1;
  if (stream->watch < 0 || !listen_on(stream->watch, request->numbers[TAG_PORT])) {
    stream_finish_error(stream, is_port(request) ? errno : EINVAL);
    return;
  }
  stream->watch_events = POLLIN;
  stream_ready(stream, &fields);
}

static void connected(struct stream *stream, short events) {
  (void)events;
  struct buffer fields = {0};
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(stream->watch, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) {
    stream_finish_error(stream, error);
    return;
  }
  int fd = stream->watch;
  stream->watch = -1;
  relay(stream, fd);
  stream_ready(stream, &fields);
  stream_pump_sink(stream);
}

static const struct kind connect_kind = {.watched = connected};

void connect_open(struct stream *stream, const struct request *request) {
  struct sockaddr_in address = loopback(request->numbers[TAG_PORT]);
  stream->kind = &connect_kind;
  stream->watch = is_port(request) ? new_socket() : -1;
  if (stream->watch < 0) {
    stream_finish_error(stream, is_port(request) ? errno : EINVAL);
    return;
  }
  stream->watch_events = POLLOUT;
  if (connect(stream->watch, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
    stream_finish_error(stream, errno);
}
