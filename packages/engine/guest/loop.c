#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "exec.h"
#include "stream.h"

#define LEAVING_ROUNDS 50
#define LEAVING_MS 20

enum role { ROLE_SIGNALS, ROLE_INPUT, ROLE_OUTPUT, ROLE_SOURCE, ROLE_ERROR_SOURCE, ROLE_SINK, ROLE_WATCH };

struct entry {
  enum role role;
  struct session *session;
  struct stream *stream;
};

static struct {
  struct pollfd *polled;
  struct entry *entries;
  size_t count;
  size_t capacity;
} set;

static struct session *sessions;
static volatile sig_atomic_t stopping;
static int wake[2];

void loop_add(struct session *session) {
  session->next = sessions;
  sessions = session;
}

struct session *loop_sessions(void) { return sessions; }

void loop_stop(void) { stopping = 1; }

void loop_wake(void) {
  int error = errno;
  ssize_t written = write(wake[1], "", 1);
  (void)written;
  errno = error;
}

static void on_signal(int number) {
  if (number != SIGCHLD) stopping = 1;
  loop_wake();
}

static void arrange_signals(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  if (!make_pipe(wake)) _exit(71);
  set_nonblocking(wake[0]);
  set_nonblocking(wake[1]);
  sigaction(SIGCHLD, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
}

static void want(int fd, short events, struct entry entry) {
  if (set.count == set.capacity) {
    set.capacity = set.capacity == 0 ? 64 : set.capacity * 2;
    set.polled = realloc(set.polled, set.capacity * sizeof *set.polled);
    set.entries = realloc(set.entries, set.capacity * sizeof *set.entries);
    if (set.polled == NULL || set.entries == NULL) _exit(70);
  }
  set.polled[set.count] = (struct pollfd){.fd = fd, .events = events};
  set.entries[set.count++] = entry;
}

static void want_stream(struct stream *stream, bool has_room) {
  struct session *session = stream->session;
  for (unsigned channel = 0; channel < CHANNELS; channel++) {
    const struct source *source = &stream->sources[channel];
    enum role role = channel == 0 ? ROLE_SOURCE : ROLE_ERROR_SOURCE;
    if (source->fd >= 0 && source->credit > 0 && has_room) want(source->fd, POLLIN, (struct entry){role, session, stream});
  }
  if (stream->sink >= 0 && stream->queue.length > 0) want(stream->sink, POLLOUT, (struct entry){ROLE_SINK, session, stream});
  if (stream->watch >= 0 && !stream->finished)
    want(stream->watch, stream->watch_events, (struct entry){ROLE_WATCH, session, stream});
}

static void collect(void) {
  set.count = 0;
  want(wake[0], POLLIN, (struct entry){ROLE_SIGNALS, NULL, NULL});
  for (struct session *session = sessions; session != NULL; session = session->next) {
    if (session->absent) continue;
    bool has_room = session_has_room(session);
    if (has_room) want(session->in, POLLIN, (struct entry){ROLE_INPUT, session, NULL});
    if (session->output.length > 0) want(session->out, POLLOUT, (struct entry){ROLE_OUTPUT, session, NULL});
    for (struct stream *stream = session->streams; stream != NULL; stream = stream->next) want_stream(stream, has_room);
  }
}

static void take_signals(void) {
  char bytes[64];
  while (read(wake[0], bytes, sizeof bytes) > 0) {
  }
  for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) exec_child_ended(pid);
}

static void lose(struct session *session, void (*gone)(struct session *)) {
  session_reset(session);
  buffer_free(&session->input);
  buffer_free(&session->output);
  gone(session);
}

/* A descriptor may have been closed earlier in the same round: then the stream has another one, or none. */
static void act_on_stream(const struct entry *entry, const struct pollfd *polled) {
  struct stream *stream = entry->stream;
  unsigned channel = entry->role == ROLE_ERROR_SOURCE ? 1 : 0;
  if (entry->role == ROLE_SINK) {
    if (stream->sink != polled->fd) return;
    /* A terminal that nobody has open is never ready to be written to. */
    if ((polled->revents & POLLOUT) == 0) stream_close_sink(stream);
    stream_pump_sink(stream);
  } else if (entry->role == ROLE_WATCH) {
    if (stream->watch == polled->fd && !stream->finished) stream->kind->watched(stream, polled->revents);
  } else if (stream->sources[channel].fd == polled->fd) {
    stream_pump_source(stream, channel);
  }
}

static void act(const struct entry *entry, const struct pollfd *polled, void (*gone)(struct session *)) {
  struct session *session = entry->session;
  if (entry->role == ROLE_SIGNALS) {
    take_signals();
    return;
  }
  if (session->absent) return;
  /* Where it can be neither read nor written, it was hung up. */
  bool is_there = (polled->revents & (POLLIN | POLLOUT)) != 0;
  if (entry->role == ROLE_INPUT) {
    if (!is_there || !session_read(session)) lose(session, gone);
  } else if (entry->role == ROLE_OUTPUT) {
    if (!is_there || !session_write(session)) lose(session, gone);
  } else {
    act_on_stream(entry, polled);
  }
}

static void round_once(void (*gone)(struct session *), int timeout) {
  collect();
  if (poll(set.polled, (nfds_t)set.count, timeout) < 0) return;
  /* Streams first, backwards: the end of a session frees its streams, and its own entries come before theirs. */
  for (size_t index = set.count; index-- > 0;)
    if (set.polled[index].revents != 0) act(&set.entries[index], &set.polled[index], gone);
  for (struct session *session = sessions; session != NULL; session = session->next) session_sweep(session);
}

/* The answer to a request to shut down is still to be sent. */
static void send_the_rest(void) {
  for (struct session *session = sessions; session != NULL; session = session->next)
    for (int round = 0; round < LEAVING_ROUNDS && !session->absent && session->output.length > 0; round++) {
      struct pollfd polled = {.fd = session->out, .events = POLLOUT};
      if (poll(&polled, 1, LEAVING_MS) < 0 || !session_write(session)) break;
    }
}

void loop_run(void (*gone)(struct session *session), int (*tick)(void)) {
  arrange_signals();
  while (!stopping) round_once(gone, tick());
  send_the_rest();
  for (struct session *session = sessions; session != NULL; session = session->next) session_reset(session);
}
