/**
 * The words of the guest protocol: numbers that both sides must agree on, and nothing else. `docs/guest-protocol.md` explains them;
 * `packages/engine/guest/protocol.h` holds the same for the guest, and a test compares them.
 */

/** Version of the protocol that this host speaks. */
export const PROTOCOL_VERSION = 1;

/** What a host begins with, before a nonce. */
export const HOST_MAGIC: Buffer = Buffer.from("CLOISTER-HOST-1\n", "latin1");
/** What a guest answers with, before the same nonce. */
export const GUEST_MAGIC: Buffer = Buffer.from("CLOISTER-GUEST1\n", "latin1");
/** Bytes of a nonce. */
export const NONCE_SIZE = 16;

/** Bytes of a frame's header: length of the payload (u32), type (u8), stream (u32), little endian. */
export const HEADER_SIZE = 9;
/** Bytes of a frame's payload at most. */
export const MAX_PAYLOAD = 65_536;
/** Bytes that may be under way on one channel before the receiver has taken any of them. */
export const INITIAL_CREDIT = 262_144;
/** Bytes of a request at most, in however many frames. */
export const MAX_REQUEST = 4_194_304;
/** Streams that a session has at one time, at most. */
export const MAX_STREAMS = 512;

/** Types of frames. */
export const FRAME = {
  HELLO: 1,
  OPEN: 2,
  READY: 3,
  DATA: 4,
  END: 5,
  CREDIT: 6,
  SIGNAL: 7,
  RESIZE: 8,
  KILL: 9,
  RESULT: 10,
  CLOSE: 11,
  CLOSED: 12,
  BROKEN: 13,
} as const;

/** Kinds of requests. `ACCEPTED` alone comes from the guest. */
export const KIND = {
  EXEC: 1,
  PUT: 2,
  GET: 3,
  LISTEN: 4,
  CONNECT: 5,
  ACCEPTED: 6,
  SET_CLOCK: 7,
  SET_IDENTITY: 8,
  HEALTH: 9,
  PING: 10,
  SHUTDOWN: 11,
} as const;

/** Tags of the fields in requests and answers. */
export const TAG = {
  ARGUMENT: 1,
  VARIABLE: 2,
  FOLDER: 3,
  USER: 4,
  OPEN_INPUT: 5,
  COLUMNS: 6,
  ROWS: 7,
  TIME_LIMIT: 8,
  PATH: 9,
  MODE: 10,
  PORT: 11,
  TIME: 12,
  HOSTNAME: 13,
  MACHINE_ID: 14,
  SEED: 15,
  LISTENER: 16,
  SIZE: 17,
  PID: 32,
  CAUSE: 33,
  CODE: 34,
  SIGNAL: 35,
  SURVIVORS: 36,
  ERROR: 37,
  UPTIME: 38,
  MEMORY_TOTAL: 39,
  MEMORY_AVAILABLE: 40,
  PROCESSES: 41,
  VERSION: 42,
  SYSTEM: 43,
  RELEASE: 44,
  ARCHITECTURE: 45,
  OOM_KILLS: 46,
} as const;
