/** A machine's memory and devices, to a file and back. QEMU calls it migration; the other side is this process. */
import { createReadStream, createWriteStream, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { once } from "node:events";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import { SOCKETS } from "./command-line.ts";
import { connectSocket, type Monitor, type MonitorEvent, timeOf } from "./monitor.ts";

/** How long a guest may go on changing its memory before it is held up for longer. */
const CALM_MS = 8000;
const SAVE_MS = 120_000;
const LOAD_MS = 60_000;
/** How long the guest may stand still for what is left of its memory, in ms: first, and when it does not calm down. */
const PAUSE_MS = 20;
const LONG_PAUSE_MS = 2000;
const UNLIMITED = 2 ** 50;
const CHUNK_BYTES = 1024 * 1024;

/** What QEMU says that a machine does. */
export type RunStatus = { readonly status: string; readonly running: boolean };

const statusSchema: z.ZodType<RunStatus> = z.object({ status: z.string(), running: z.boolean() });

/** Asks what a machine does. */
export async function queryStatus(monitor: Monitor): Promise<RunStatus> {
  return monitor.execute("query-status", { schema: statusSchema });
}

/** What is saved, and where to. */
export type Saving = {
  readonly monitor: Monitor;
  readonly socketFolder: string;
  /** Is made; must not be there. */
  readonly file: string;
  /** Leaves memory out that lies in a shared file. */
  readonly leavesSharedOut: boolean;
  /** Called while the machine stands still, before its devices are saved: its first command to QEMU must be sent at once. */
  readonly whileStill: () => Promise<void>;
};

/**
 * Saves a machine while it runs: memory is copied while the guest goes on, and once more where it was changed meanwhile. It stands
 * still for the last of it, and goes on when it is done. @returns how long it stood still, in ms
 * @throws CloisterError `machine_failed`; then no file is left, and the machine goes on
 */
export async function saveState(saving: Saving): Promise<number> {
  const { monitor, file } = saving;
  const { running } = await queryStatus(monitor);
  monitor.forget();
  const socket = join(saving.socketFolder, SOCKETS.migration);
  await using sink = await openSink(socket, file).catch((cause: unknown) => {
    throw saveFailed(`its file can't be written (${String(cause)})`, cause);
  });
  try {
    const [pausedMs] = await Promise.all([migrateOut(saving, socket, running), sink.done]);
    return pausedMs;
  } catch (cause: unknown) {
    rmSync(file, { force: true });
    await giveUp(monitor, running);
    throw CloisterError.isInstance(cause) ? cause : saveFailed(String(cause), cause);
  }
}

/** Loads a state into a QEMU that waits for one. @throws CloisterError `machine_failed` */
export async function loadState(
  monitor: Monitor,
  from: { readonly socketFolder: string; readonly file: string; readonly leavesSharedOut: boolean },
): Promise<void> {
  const socket = join(from.socketFolder, SOCKETS.migration);
  await setCapabilities(monitor, { events: true, "x-ignore-shared": from.leavesSharedOut });
  await monitor.execute("migrate-incoming", { arguments: { uri: `unix:${socket}` } });
  const connection = await connectSocket(socket, () => true, performance.now() + LOAD_MS);
  const sent = pipeline(createReadStream(from.file, { highWaterMark: CHUNK_BYTES }), connection);
  const results = await Promise.allSettled([migrationEnds(monitor, LOAD_MS), sent]);
  rmSync(socket, { force: true });
  // Where QEMU refuses it, it hangs up: what it says comes first, the broken pipe second.
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

async function migrateOut(saving: Saving, socket: string, running: boolean): Promise<number> {
  const { monitor } = saving;
  await setCapabilities(monitor, {
    events: true,
    "pause-before-switchover": true,
    "x-ignore-shared": saving.leavesSharedOut,
  });
  await allowPause(monitor, PAUSE_MS);
  await monitor.execute("migrate", { arguments: { uri: `unix:${socket}` } });
  await guestStandsStill(monitor);
  // One after the other, but without a way back and forth in between: the machine stands still meanwhile.
  await Promise.all([
    saving.whileStill(),
    monitor.execute("migrate-continue", { arguments: { state: "pre-switchover" } }),
  ]);
  await migrationEnds(monitor, SAVE_MS);
  if (!running) return 0;
  await goOn(monitor);
  const [stopped, resumed] = [await happened(monitor, "STOP"), await happened(monitor, "RESUME")];
  return Math.max(0, timeOf(resumed) - timeOf(stopped));
}

/** Waits until only so much memory is left to copy as the pause allows; a guest that does not calm down is held up for longer. */
async function guestStandsStill(monitor: Monitor): Promise<void> {
  const isOver = (event: MonitorEvent): boolean => ["pre-switchover", "failed"].includes(statusOf(event));
  const wait = (limitMs: number): Promise<MonitorEvent> =>
    monitor.event("for the guest to stand still", isOver, limitMs);
  const event = await wait(CALM_MS).catch(async () => {
    await allowPause(monitor, LONG_PAUSE_MS);
    return wait(SAVE_MS);
  });
  if (statusOf(event) === "failed") throw await migrationFailed(monitor);
}

async function migrationEnds(monitor: Monitor, limitMs: number): Promise<void> {
  const isOver = (event: MonitorEvent): boolean => ["completed", "failed"].includes(statusOf(event));
  const event = await monitor.event("for the memory's end", isOver, limitMs);
  if (statusOf(event) === "failed") throw await migrationFailed(monitor);
}

function statusOf({ event, data }: MonitorEvent): string {
  return event === "MIGRATION" ? String(data["status"]) : "";
}

function happened(monitor: Monitor, name: string): Promise<MonitorEvent> {
  return monitor.event(`with ${name}`, ({ event }) => event === name, CALM_MS);
}

async function migrationFailed(monitor: Monitor): Promise<CloisterError> {
  const schema = z.object({ "error-desc": z.string().optional() });
  const said = await monitor.execute("query-migrate", { schema }).catch(() => ({ "error-desc": undefined }));
  return saveFailed(said["error-desc"] ?? "QEMU does not say why");
}

function saveFailed(why: string, cause?: unknown): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `The machine's memory could not be moved: ${why}.`,
    cause,
  });
}

/** Lets the machine run. QEMU says that the memory is saved shortly before it allows that. */
async function goOn(monitor: Monitor): Promise<void> {
  const deadline = performance.now() + CALM_MS;
  for (;;) {
    try {
      await monitor.execute("cont");
      return;
    } catch (error: unknown) {
      if ((await queryStatus(monitor)).status !== "finish-migrate" || performance.now() > deadline) throw error;
      await delay(1);
    }
  }
}

/** The machine goes on as it did, whatever became of the attempt. */
async function giveUp(monitor: Monitor, running: boolean): Promise<void> {
  try {
    await monitor.execute("migrate_cancel");
    if (running) await goOn(monitor);
  } catch {
    // It has ended meanwhile: what went wrong first is what is told.
  }
}

async function setCapabilities(monitor: Monitor, capabilities: Readonly<Record<string, boolean>>): Promise<void> {
  const entries = Object.entries(capabilities).map(([capability, state]) => ({ capability, state }));
  await monitor.execute("migrate-set-capabilities", { arguments: { capabilities: entries } });
}

async function allowPause(monitor: Monitor, pauseMs: number): Promise<void> {
  const parameters = { "downtime-limit": pauseMs, "max-bandwidth": UNLIMITED };
  await monitor.execute("migrate-set-parameters", { arguments: parameters });
}

type Sink = AsyncDisposable & {
  /** Settles when everything is in the file. */
  readonly done: Promise<void>;
};

/** A socket whose first client's bytes go into a new file. */
async function openSink(socket: string, file: string): Promise<Sink> {
  rmSync(socket, { force: true });
  const output = createWriteStream(file, { flags: "wx", mode: 0o600, flush: true, highWaterMark: CHUNK_BYTES });
  await once(output, "open");
  const server = createServer();
  const done = once(server, "connection").then(([client]) => pipeline(client as Socket, output));
  done.catch(() => undefined); // It is told to whoever waits for it.
  server.listen(socket);
  await once(server, "listening");
  return {
    done,
    [Symbol.asyncDispose]: async () => {
      output.destroy();
      await closeServer(server);
      rmSync(socket, { force: true });
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}
