#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "descendants.h"
#include "descriptors.h"
#include "errors.h"
#include "supervisor.h"

#define WAIT_MS 11000
#define END_OF_TRANSMISSION "\004"

/* What the kind keeps in a stream. The reports come on `stream->watch`. */
struct exec {
  struct supervisor *supervisor;
  int commands;
  bool terminal;
};

/* Outlives its stream where the host goes away first. */
struct supervisor {
  pid_t pid;
  struct stream *stream; /* NULL: its host has gone, or has been told the end */
  struct supervisor *next;
};

static struct supervisor *supervisors;

/* Descriptors of a program to be: the agent's ends and its own. */
struct ends {
  int input[2];
  int output[2];
  int errors[2];
  int commands[2];
  int reports[2];
  int terminal;
  char terminal_path[128];
};

static void close_pair(int pair[2]) {
  close_if_open(&pair[0]);
  close_if_open(&pair[1]);
}

static void close_ends(struct ends *ends) {
  close_pair(ends->input);
  close_pair(ends->output);
  close_pair(ends->errors);
  close_pair(ends->commands);
  close_pair(ends->reports);
  close_if_open(&ends->terminal);
}

static void resize(int terminal, unsigned columns, unsigned rows) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  ioctl(terminal, TIOCSWINSZ, &size);
}

static bool open_terminal(struct ends *ends, const struct user *user, const struct request *request) {
  ends->terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (ends->terminal < 0) return false;
  set_close_on_exec(ends->terminal);
  if (grantpt(ends->terminal) != 0 || unlockpt(ends->terminal) != 0) return false;
  const char *path = ptsname(ends->terminal);
  if (path == NULL || strlen(path) >= sizeof ends->terminal_path) return false;
  strcpy(ends->terminal_path, path);
  if (user->uid != geteuid() && chown(path, user->uid, (gid_t)-1) != 0) return false;
  resize(ends->terminal, (unsigned)request->numbers[TAG_COLUMNS], (unsigned)request->numbers[TAG_ROWS]);
  return true;
}

static bool open_ends(struct ends *ends, const struct user *user, const struct request *request) {
  memset(ends, -1, sizeof *ends);
  if (!make_pipe(ends->commands) || !make_pipe(ends->reports)) return false;
  if (request->present[TAG_COLUMNS]) return open_terminal(ends, user, request);
  if (request->present[TAG_OPEN_INPUT] && !make_pipe(ends->input)) return false;
  return make_pipe(ends->output) && make_pipe(ends->errors);
}

static pid_t fork_supervisor(const struct ends *ends, const struct user *user, const struct request *request) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  struct program program = {
      .arguments = request->arguments,
      .variables = request->variables,
      .folder = request->texts[TAG_FOLDER],
      .user = *user,
      .terminal = request->present[TAG_COLUMNS] ? ends->terminal_path : NULL,
      .streams = {ends->input[0], ends->output[1], ends->errors[1]},
  };
  supervise(&program, request->numbers[TAG_TIME_LIMIT], ends->commands[0], ends->reports[1]);
}

static void add_source(struct stream *stream, unsigned channel, int *fd) {
  if (*fd < 0) return;
  set_nonblocking(*fd);
  stream->sources[channel].fd = *fd;
  *fd = -1;
}

/* Moves the agent's ends into the stream; the others are closed with `ends`. */
static void keep_ends(struct stream *stream, struct ends *ends) {
  struct exec *exec = stream->state;
  exec->commands = ends->commands[1];
  stream->watch = ends->reports[0];
  stream->watch_events = POLLIN;
  ends->commands[1] = ends->reports[0] = -1;
  stream->sink = ends->terminal >= 0 ? ends->terminal : ends->input[1];
  if (stream->sink >= 0) set_nonblocking(stream->sink);
  ends->input[1] = -1;
  add_source(stream, 0, ends->terminal >= 0 ? &ends->terminal : &ends->output[0]);
  add_source(stream, 1, &ends->errors[0]);
}

static void remember(struct stream *stream, pid_t pid) {
  struct supervisor *supervisor = allocate(sizeof *supervisor);
  *supervisor = (struct supervisor){.pid = pid, .stream = stream, .next = supervisors};
  supervisors = supervisor;
  ((struct exec *)stream->state)->supervisor = supervisor;
}

static void finish_exec(struct stream *stream, enum end_cause cause, const struct report *report, const char *error) {
  struct buffer fields = {0};
  field_number(&fields, TAG_CAUSE, cause);
  if (report != NULL && WIFEXITED(report->status)) field_number(&fields, TAG_CODE, (uint64_t)WEXITSTATUS(report->status));
  if (report != NULL && WIFSIGNALED(report->status)) field_text(&fields, TAG_SIGNAL, signal_name(WTERMSIG(report->status)));
  field_number(&fields, TAG_SURVIVORS, report == NULL ? 0 : (uint64_t)report->survivors);
  if (error != NULL) field_text(&fields, TAG_ERROR, error);
  stream_finish(stream, &fields);
}

/* It did not start: whatever it may have written is not its own. */
static void not_started(struct stream *stream, const char *error) {
  for (unsigned channel = 0; channel < CHANNELS; channel++) stream_end_source(stream, channel);
  finish_exec(stream, CAUSE_NOT_STARTED, NULL, error);
}

static void take_report(struct stream *stream, const struct report *report) {
  struct buffer fields = {0};
  switch (report->what) {
    case REPORT_STARTED:
      field_number(&fields, TAG_PID, (uint64_t)report->pid);
      stream_ready(stream, &fields);
      return;
    case REPORT_FAILED:
      not_started(stream, error_name(report->error));
      return;
    case REPORT_ENDED:
      finish_exec(stream, (enum end_cause)report->cause, report, report->error == 0 ? NULL : error_name(report->error));
      return;
  }
}

static void exec_watched(struct stream *stream, short events) {
  (void)events;
  struct report report;
  ssize_t count = read(stream->watch, &report, sizeof report);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count == (ssize_t)sizeof report)
    take_report(stream, &report);
  else
    close_if_open(&stream->watch);
}

static void command(struct stream *stream, int what, int signal_number) {
  struct exec *exec = stream->state;
  struct command command = {.what = what, .signal = signal_number};
  /* Where it takes no more it is ending, or has more signals than it can use. */
  ssize_t written = write(exec->commands, &command, sizeof command);
  (void)written;
}

/* The protocol has Linux's numbers, whatever this system's are. */
static int own_signal(unsigned char number) {
  switch (number) {
    case 1: return SIGHUP;
    case 2: return SIGINT;
    case 3: return SIGQUIT;
    case 9: return SIGKILL;
    case 10: return SIGUSR1;
    case 12: return SIGUSR2;
    case 15: return SIGTERM;
    default: return 0;
  }
}

static void exec_control(struct stream *stream, enum frame_type type, const unsigned char *payload, size_t length) {
  const struct exec *exec = stream->state;
  if (type == FRAME_KILL) command(stream, COMMAND_KILL, 0);
  if (type == FRAME_SIGNAL && length == 1 && own_signal(payload[0]) != 0)
    command(stream, COMMAND_SIGNAL, own_signal(payload[0]));
  if (type == FRAME_RESIZE && length == 4 && exec->terminal && stream->sink >= 0)
    resize(stream->sink, get_u16(payload), get_u16(payload + 2));
}

static void exec_input_ended(struct stream *stream) {
  const struct exec *exec = stream->state;
  if (!exec->terminal) {
    stream_close_sink(stream);
    return;
  }
  ssize_t written = stream->sink < 0 ? 0 : write(stream->sink, END_OF_TRANSMISSION, 1);
  (void)written;
}

static void exec_close(struct stream *stream) { command(stream, COMMAND_KILL, 0); }

static void exec_release(struct stream *stream) {
  struct exec *exec = stream->state;
  if (exec == NULL) return;
  /* The end of its commands is what tells a supervisor that its host has gone. */
  close_if_open(&exec->commands);
  if (exec->supervisor != NULL) exec->supervisor->stream = NULL;
}

static const struct kind exec_kind = {
    .watched = exec_watched,
    .input_ended = exec_input_ended,
    .control = exec_control,
    .close = exec_close,
    .release = exec_release,
};

static void launch(struct stream *stream, const struct user *user, const struct request *request) {
  struct ends ends;
  pid_t pid = open_ends(&ends, user, request) ? fork_supervisor(&ends, user, request) : -1;
  int error = errno;
  if (pid > 0) {
    remember(stream, pid);
    keep_ends(stream, &ends);
    set_nonblocking(stream->watch);
    set_nonblocking(((struct exec *)stream->state)->commands);
  }
  close_ends(&ends);
  if (pid < 0) not_started(stream, error_name(error));
}

void exec_open(struct stream *stream, const struct request *request) {
  struct exec *exec = allocate(sizeof *exec);
  static char *no_variables[] = {NULL};
  struct request complete = *request;
  struct user user;
  exec->commands = -1;
  exec->terminal = request->present[TAG_COLUMNS];
  stream->state = exec;
  stream->kind = &exec_kind;
  if (complete.variables == NULL) complete.variables = no_variables;
  if (request->argument_count == 0)
    not_started(stream, error_name(EINVAL));
  else if (!find_user(request->texts[TAG_USER], &user))
    not_started(stream, "unknown user");
  else
    launch(stream, &user, &complete);
}

static struct supervisor *forget(pid_t pid) {
  struct supervisor **link = &supervisors;
  while (*link != NULL && (*link)->pid != pid) link = &(*link)->next;
  struct supervisor *found = *link;
  if (found != NULL) *link = found->next;
  return found;
}

static void note_child(pid_t pid, int status) {
  (void)status;
  exec_child_ended(pid);
}

/* A supervisor that was killed can't have killed what it looked after: that is a child of the agent now. */
static void kill_orphans(void) {
  size_t count = 0;
  for (const struct supervisor *each = supervisors; each != NULL; each = each->next) count++;
  pid_t *spared = allocate((count + 1) * sizeof *spared);
  count = 0;
  for (const struct supervisor *each = supervisors; each != NULL; each = each->next) spared[count++] = each->pid;
  kill_descendants(spared, (int)count, -1, note_child);
  free(spared);
}

static void supervisor_ended(struct stream *stream) {
  while (stream->watch >= 0 && !stream->finished) exec_watched(stream, POLLIN);
  ((struct exec *)stream->state)->supervisor = NULL;
  if (stream->finished) return;
  kill_orphans();
  finish_exec(stream, CAUSE_KILLED, NULL, "its supervisor was killed");
}

void exec_child_ended(pid_t pid) {
  struct supervisor *supervisor = forget(pid);
  if (supervisor == NULL) return;
  struct stream *stream = supervisor->stream;
  free(supervisor);
  if (stream != NULL) supervisor_ended(stream);
}

void exec_wait_for_all(void) {
  uint64_t deadline = now_ms() + WAIT_MS;
  while (supervisors != NULL && now_ms() < deadline) {
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) exec_child_ended(pid);
    if (supervisors != NULL) nap_ms(1);
  }
  kill_orphans();
}
