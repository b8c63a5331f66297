/**
 * What Cloister's guest agent does in a machine, seen from the host. One protocol for every driver: over the pipes of a sandbox, of
 * `podman exec` or `ssh`, or over a VM's virtio-serial port. Owns: framing, flow control, bounds. `docs/guest-protocol.md` has the format.
 *
 * Invariants:
 * G1. The guest is hostile: whatever it sends, the host's memory stays bounded, nothing of the host is touched, and a breach of the
 *     protocol closes the connection with a typed error.
 * G2. When {@link GuestProcess.exit} has settled, no descendant of the process lives in the guest, however it fled.
 * G3. When a connection ends, everything started through it ends, listeners included.
 */
import type { Duplex } from "node:stream";

/** Bytes to and from a guest agent, and what holds them: a process, or a socket. */
export type GuestTransport = {
  readonly stream: Duplex;
  /** Ends what was started for this connection alone. Idempotent. */
  readonly close: () => Promise<void>;
};

/** A program to run in a machine. */
export type ExecSpec = {
  /** Program and arguments; the program is looked up on the PATH of `env`. At least one. */
  readonly argv: readonly string[];
  /** Absolute path in the machine. Default: the user's home. */
  readonly cwd?: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Name of a user of the machine; default: the agent's own. */
  readonly user?: string;
  /** `open`: the caller writes, and must end it. Default `empty`. */
  readonly stdin?: "empty" | "open";
  /** Gives it a terminal; then everything comes on stdout. */
  readonly terminal?: TerminalSize;
  /** Wall time in ms after which it and its descendants are killed. */
  readonly timeLimitMs?: number;
};

/** Of a terminal, in characters. */
export type TerminalSize = { readonly columns: number; readonly rows: number };

/** How a program ended. `lost`: the connection ended first, and with it the program. */
export type ExecEnd = {
  readonly cause: "exited" | "time_limit" | "killed" | "lost" | "not_started";
  /** Null where a signal ended it, or it never started. */
  readonly code: number | null;
  /** Such as `SIGTERM`. */
  readonly signal: string | null;
  /** Processes that outlived it and were killed. */
  readonly survivors: number;
  /** The system's word where it could not be started (`ENOENT`), or what ended the connection. */
  readonly error?: string;
};

/** Signals that a program can be sent. */
export type GuestSignal = "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGHUP" | "SIGQUIT" | "SIGUSR1" | "SIGUSR2";

/** A program under way in a machine. */
export interface GuestProcess {
  /** In the machine; undefined where it could not be started. Never rejects. */
  readonly pid: Promise<number | undefined>;
  /** Must be consumed: the program is held up where it is not. */
  readonly stdout: AsyncIterable<Uint8Array>;
  readonly stderr: AsyncIterable<Uint8Array>;
  /** Resolves when taken. Never rejects: what a dead program does not read is dropped. */
  write(bytes: Uint8Array): Promise<void>;
  closeInput(): void;
  resize(size: TerminalSize): void;
  /** Sends a signal to the program's process group. */
  signal(name: GuestSignal): void;
  /** Kills it with every descendant. Idempotent. */
  kill(): void;
  /** Settles once, never rejects. */
  readonly exit: Promise<ExecEnd>;
}

/** What the guest said of itself. Hostile: for people, never for decisions. */
export type GuestHello = {
  /** Of the protocol. */
  readonly version: number;
  /** As `uname -s`, `-r` and `-m` print it. */
  readonly system: string;
  readonly release: string;
  readonly architecture: string;
};

/** How a guest does. Sizes in KiB. */
export type GuestHealth = {
  readonly uptimeMs: number;
  readonly memoryTotalKib: number;
  readonly memoryAvailableKib: number;
  readonly processes: number;
  /** Processes that its kernel has ended since its start because memory ran out. 0 where the agent or the kernel does not say. */
  readonly oomKills: number;
};

/** What must differ between clones. */
export type GuestIdentity = {
  readonly hostname: string;
  /** 32 hexadecimal digits. */
  readonly machineId: string;
  /** 32 bytes, credited to the guest's random number generator. */
  readonly seed: Uint8Array;
};

/** A connection to a guest agent. Methods reject with {@link CloisterError} `machine_failed`; after the end of the connection always. */
export interface GuestConnection extends AsyncDisposable {
  readonly hello: GuestHello;
  /** Settles when the connection has ended: with why, or undefined after a disposal. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Starts a program. Never throws: what could not be started has ended with `not_started`. */
  exec(spec: ExecSpec): GuestProcess;
  /** Writes a file, whole or not at all (a temporary name, then renamed). Missing folders are made. @param mode such as 0o644 */
  putFile(
    path: string,
    content: AsyncIterable<Uint8Array>,
    options?: { readonly mode?: number; readonly user?: string },
  ): Promise<void>;
  /** Reads a regular file; a link as its last part is not followed. @param maxBytes rejects beyond. */
  getFile(path: string, options: { readonly maxBytes: number }): AsyncIterable<Uint8Array>;
  /**
   * Listens on 127.0.0.1:`port` in the guest; each connection there becomes a stream here. Several connections may own one port: then
   * any of them is asked. Disposing ends it.
   */
  listen(port: number, onConnection: (stream: Duplex) => void): Promise<AsyncDisposable>;
  /** Connects to 127.0.0.1:`port` in the guest. */
  connect(port: number): Promise<Duplex>;
  /** Sets the guest's clock. @param time ms since the epoch */
  setClock(time: number): Promise<void>;
  setIdentity(identity: GuestIdentity): Promise<void>;
  /** @param options.waits as long as it takes, also while the machine is paused; else no answer in 60 s ends the connection. */
  health(options?: { readonly waits?: boolean }): Promise<GuestHealth>;
  /** Resolves when the agent has answered. */
  ping(): Promise<void>;
  /** Has a virtual machine end its processes, write its disk and turn itself off; resolves when it has begun to. Others reject. */
  shutDown(): Promise<void>;
}
