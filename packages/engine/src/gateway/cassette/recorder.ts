import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { ModelRequest, Recorder, RecordingHandle } from "../port.ts";
import type { RecordedExchange } from "./exchange.ts";
import { packMember } from "./member.ts";
import { createPendingBudget } from "./pending-budget.ts";
import { CASSETTE_EXTENSION } from "./read-cassette.ts";
import { toRecord } from "./record.ts";
import { createRecording, type Recording } from "./recording.ts";
import { type Redact, redactExchange } from "./redact-exchange.ts";

/** Enough for 16 agents with long answers under way; a gateway that records slower than it relays must not run out of memory. */
const DEFAULT_PENDING_BYTES = 256 * 1024 * 1024;

/** How to record. */
export type RecorderOptions = {
  /** Of one run. Made where it does not exist. */
  readonly folder: string;
  /** Replaces the secrets in a text. Called with whole bodies, and with header values. */
  readonly redact: Redact;
  /** Told, in one line for people, what can't be recorded: once for each kind of problem. */
  readonly onProblem: (line: string) => void;
  /** Bytes of exchanges that are under way or not yet written. Above them, exchanges are dropped. Default 256 MiB. */
  readonly maxPendingBytes?: number;
};

/** A recorder that writes cassettes. */
export type CassetteRecorder = Recorder & {
  /** Writes what is left, exchanges under way included (as not ended). Idempotent. */
  close(): Promise<void>;
};

/** Where the exchanges of an iteration are recorded; 0 is what is outside a run. */
export function cassettePath(folder: string, iteration: number): string {
  return join(folder, `iteration-${String(iteration).padStart(4, "0")}${CASSETTE_EXTENSION}`);
}

/**
 * Records what passes through the gateway: a cassette for each iteration, a member for each exchange, appended when it is over.
 * Nothing of it waits: exchanges are redacted, packed and written one after the other, behind the data path.
 */
export function createRecorder(options: RecorderOptions): CassetteRecorder {
  const { folder, redact, maxPendingBytes = DEFAULT_PENDING_BYTES } = options;
  const budget = createPendingBudget(maxPendingBytes);
  const say = sayOnce(options.onProblem);
  const open = new Map<ModelRequest, Recording>();
  let written: Promise<unknown> = mkdir(folder, { recursive: true, mode: 0o700 }).catch(say.failed);
  let isClosed = false;

  const write = async (iteration: number, exchange: RecordedExchange): Promise<void> => {
    await setImmediate(); // Redacting takes the event loop's time: what passes through the gateway comes first.
    const recorded = await redactExchange(exchange, redact);
    if (recorded.cut) say.cut();
    await appendFile(cassettePath(folder, iteration), await packMember(toRecord(recorded)), { mode: 0o600 });
  };

  const begin = (request: ModelRequest): Recording =>
    createRecording(request, {
      budget,
      done(exchange, held) {
        open.delete(request);
        const writing = written.then(() => write(request.identity.iteration, exchange));
        written = writing.catch(say.failed).finally(() => budget.give(held));
      },
      dropped() {
        open.delete(request);
        say.dropped();
      },
    });

  return {
    begin(request) {
      if (isClosed) return NOT_RECORDING;
      const recording = begin(request);
      if (recording.isOpen) open.set(request, recording);
      return recording;
    },
    async close() {
      isClosed = true;
      for (const recording of open.values()) recording.end(false);
      await written;
    },
  };
}

const NOT_RECORDING: RecordingHandle = { head: () => undefined, chunk: () => undefined, end: () => undefined };

/** Each kind of problem, said the first time that it comes up. */
function sayOnce(onProblem: (line: string) => void): Record<"failed" | "cut" | "dropped", (error?: unknown) => void> {
  const said = new Set<string>();
  const say = (kind: string, line: string): void => {
    if (said.has(kind)) return;
    said.add(kind);
    onProblem(line);
  };
  return {
    failed: (error) =>
      say("failed", `Transcripts can't be written: ${error instanceof Error ? error.message : String(error)}`),
    cut: () =>
      say("cut", "A transcript is cut: it is above 64 MiB, or in an encoding that can't be searched for secrets."),
    dropped: () => say("dropped", "Transcripts are dropped: too many bytes wait to be written."),
  };
}
