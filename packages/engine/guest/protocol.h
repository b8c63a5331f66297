/*
 * The words of the protocol between the host and this agent: numbers that both sides must agree on, and nothing else.
 * docs/guest-protocol.md explains them; src/machines/guest/wire.ts holds the same for the host.
 */
#ifndef CLOISTER_PROTOCOL_H
#define CLOISTER_PROTOCOL_H

#define PROTOCOL_VERSION 1
#define PROGRAM_VERSION "1.0.0"

/* Each side says its own, so that an echo is not taken for an answer. As a frame's length it would be far too large. */
#define HOST_MAGIC "CLOISTER-HOST-1\n"
#define GUEST_MAGIC "CLOISTER-GUEST1\n"
#define MAGIC_SIZE 16
#define NONCE_SIZE 16

#define HEADER_SIZE 9
#define MAX_PAYLOAD 65536
/* What may be under way on one channel before the receiver has taken any of it. */
#define INITIAL_CREDIT 262144
/* A request may be sent in several frames: argument lists are longer than one. */
#define MAX_REQUEST 4194304
/* Streams of a session at one time. */
#define MAX_STREAMS 512

enum frame_type {
  FRAME_HELLO = 1,
  FRAME_OPEN = 2,
  FRAME_READY = 3,
  FRAME_DATA = 4,
  FRAME_END = 5,
  FRAME_CREDIT = 6,
  FRAME_SIGNAL = 7,
  FRAME_RESIZE = 8,
  FRAME_KILL = 9,
  FRAME_RESULT = 10,
  FRAME_CLOSE = 11,
  FRAME_CLOSED = 12,
  FRAME_BROKEN = 13,
};

enum request_kind {
  KIND_EXEC = 1,
  KIND_PUT = 2,
  KIND_GET = 3,
  KIND_LISTEN = 4,
  KIND_CONNECT = 5,
  KIND_ACCEPTED = 6,
  KIND_SET_CLOCK = 7,
  KIND_SET_IDENTITY = 8,
  KIND_HEALTH = 9,
  KIND_PING = 10,
  KIND_SHUTDOWN = 11,
};

enum field_tag {
  TAG_ARGUMENT = 1,
  TAG_VARIABLE = 2,
  TAG_FOLDER = 3,
  TAG_USER = 4,
  TAG_OPEN_INPUT = 5,
  TAG_COLUMNS = 6,
  TAG_ROWS = 7,
  TAG_TIME_LIMIT = 8,
  TAG_PATH = 9,
  TAG_MODE = 10,
  TAG_PORT = 11,
  TAG_TIME = 12,
  TAG_HOSTNAME = 13,
  TAG_MACHINE_ID = 14,
  TAG_SEED = 15,
  TAG_LISTENER = 16,
  TAG_SIZE = 17,
  TAG_PID = 32,
  TAG_CAUSE = 33,
  TAG_CODE = 34,
  TAG_SIGNAL = 35,
  TAG_SURVIVORS = 36,
  TAG_ERROR = 37,
  TAG_UPTIME = 38,
  TAG_MEMORY_TOTAL = 39,
  TAG_MEMORY_AVAILABLE = 40,
  TAG_PROCESSES = 41,
  TAG_VERSION = 42,
  TAG_SYSTEM = 43,
  TAG_RELEASE = 44,
  TAG_ARCHITECTURE = 45,
  TAG_OOM_KILLS = 46,
};
#define TAG_LIMIT 64

enum end_cause { CAUSE_EXITED = 0, CAUSE_TIME_LIMIT = 1, CAUSE_KILLED = 2, CAUSE_LOST = 3, CAUSE_NOT_STARTED = 4 };

#endif
