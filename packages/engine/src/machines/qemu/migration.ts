/** A machine's memory and devices, to a file and back. QEMU calls it migration; the other side is this process. */
import { createReadStream, createWriteStream, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { once } from "node:events";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import { SOCKETS } from "./command-line.ts";
import { type Monitor, type MonitorEvent, connectSocket, timeOf } from "./monitor.ts";

const SAVE_MS = 120_000;
const LOAD_MS = 60_000;
const FINISH_MS = 5000;
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
  /** For a template: memory, which lies in a file of its own, is left out, and the machine ends, so that the file stays as it is. */
  readonly isTemplate: boolean;
  /** Called while the machine stands still, before its devices are saved: its first command to QEMU must be sent at once. */
  readonly whileStill: () => Promise<void>;
};

/**
 * Saves a machine while it runs: memory is copied while the guest goes on, and what it changed meanwhile once more while it stands
 * still. It also stands still for a moment at the beginning.
 *
 * Memory is looked at for changes exactly twice, and both times the guest stands still. Up to 8.2, QEMU's emulation does not notice all
 * of the changes that follow a look at a running guest, and a state saved in the usual way, with several looks, is damaged now and
 * then. (Mended in 9.0: "physmem: Fix migration dirty bitmap coherency with TCG memory access".)
 * @returns how long it stood still, in ms, all in all
 * @throws CloisterError `machine_failed`; then no file is left, and the machine goes on
 */
export async function saveState(saving: Saving): Promise<number> {
  const { monitor, file } = saving;
  const { running } = await queryStatus(monitor);
  monitor.forget();
  const socket = join(saving.socketFolder, SOCKETS.migration);
  await using sink = await openSink(socket, file).catch((cause: unknown) => {
    throw moveFailed(`its file can't be written (${String(cause)})`, cause);
  });
  try {
    await Promise.all([migrateOut(saving, socket, running), sink.done]);
    await writeThrough(file);
    return pausedMs(monitor);
  } catch (cause: unknown) {
    rmSync(file, { force: true });
    await giveUp(monitor, running);
    throw CloisterError.isInstance(cause) ? cause : moveFailed(String(cause), cause);
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
  // QEMU may hang up once it has all it needs; whether it has, it says itself.
  pipeline(createReadStream(from.file, { highWaterMark: CHUNK_BYTES }), connection).catch(() => undefined);
  await migrationIs(monitor, "completed", LOAD_MS);
  rmSync(socket, { force: true });
}

async function migrateOut(saving: Saving, socket: string, running: boolean): Promise<void> {
  const { monitor } = saving;
  await prepare(monitor, saving.isTemplate);
  // Sent at once, one after the other: the machine stands still meanwhile. So below.
  await Promise.all([monitor.execute("stop"), monitor.execute("migrate", { arguments: { uri: `unix:${socket}` } })]);
  await migrationIs(monitor, "active");
  // Refused where everything was copied by now: as well.
  if (running && !saving.isTemplate) await monitor.execute("cont").catch(() => undefined);
  await migrationIs(monitor, "pre-switchover");
  const switchOver = { arguments: { state: "pre-switchover" } };
  await Promise.all([saving.whileStill(), monitor.execute("migrate-continue", switchOver)]);
  await migrationIs(monitor, "completed");
  if (saving.isTemplate) await monitor.execute("quit");
  else await goOn(monitor, running);
}

/** A downtime limit of 0 keeps QEMU from looking for changes before everything was copied once; then it stops the machine first. */
async function prepare(monitor: Monitor, leavesSharedOut: boolean): Promise<void> {
  const parameters = { "downtime-limit": 0, "max-bandwidth": UNLIMITED };
  await monitor.execute("migrate-set-parameters", { arguments: parameters });
  await setCapabilities(monitor, {
    events: true,
    "pause-before-switchover": true,
    "x-ignore-shared": leavesSharedOut,
  });
}

/** From each stop to what followed it. */
function pausedMs(monitor: Monitor): number {
  let total = 0;
  let since: number | undefined;
  for (const event of monitor.take(({ event }) => event === "STOP" || event === "RESUME")) {
    if (event.event === "STOP") since ??= timeOf(event);
    else if (since !== undefined) {
      total += timeOf(event) - since;
      since = undefined;
    }
  }
  return total;
}

/** Waits until a migration has come so far. @throws CloisterError `machine_failed` where it fails, or takes too long */
async function migrationIs(monitor: Monitor, wanted: string, limitMs: number = SAVE_MS): Promise<void> {
  const isOver = (event: MonitorEvent): boolean => [wanted, "failed", "cancelled"].includes(statusOf(event));
  const event = await monitor.event(`that its memory is ${wanted}`, isOver, limitMs);
  if (statusOf(event) !== wanted) throw await migrationFailed(monitor);
}

function statusOf({ event, data }: MonitorEvent): string {
  return event === "MIGRATION" ? String(data["status"]) : "";
}

async function migrationFailed(monitor: Monitor): Promise<CloisterError> {
  const schema = z.object({ "error-desc": z.string().optional() });
  const said = await monitor.execute("query-migrate", { schema }).catch(() => ({ "error-desc": undefined }));
  return moveFailed(said["error-desc"] ?? "QEMU does not say why");
}

function moveFailed(why: string, cause?: unknown): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `The machine's memory could not be moved: ${why}.`,
    cause,
  });
}

/**
 * The machine does again what it did. Its disk is released with the memory, and taken back when it runs: so one that is paused runs for
 * a moment. QEMU says that the memory is saved shortly before it allows that.
 */
async function goOn(monitor: Monitor, running: boolean): Promise<void> {
  const deadline = performance.now() + FINISH_MS;
  for (;;) {
    try {
      await Promise.all([monitor.execute("cont"), running ? undefined : monitor.execute("stop")]);
      return;
    } catch (error: unknown) {
      if (performance.now() > deadline) throw error;
      await delay(1);
    }
  }
}

/** The machine goes on as it did, whatever became of the attempt. */
async function giveUp(monitor: Monitor, running: boolean): Promise<void> {
  try {
    await monitor.execute("migrate_cancel");
    await goOn(monitor, running);
  } catch {
    // It has ended meanwhile: what went wrong first is what is told.
  }
}

async function setCapabilities(monitor: Monitor, capabilities: Readonly<Record<string, boolean>>): Promise<void> {
  const entries = Object.entries(capabilities).map(([capability, state]) => ({ capability, state }));
  await monitor.execute("migrate-set-capabilities", { arguments: { capabilities: entries } });
}

type Sink = AsyncDisposable & {
  /** Settles when everything is in the file, which is not yet on the disk: see {@link writeThrough}. */
  readonly done: Promise<void>;
};

/** A socket whose first client's bytes go into a new file. */
async function openSink(socket: string, file: string): Promise<Sink> {
  rmSync(socket, { force: true });
  const output = createWriteStream(file, { flags: "wx", mode: 0o600, highWaterMark: CHUNK_BYTES });
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

/**
 * Has a file on the disk. Only once the machine goes on: while the host's file system writes this much, it holds up whoever opens
 * another file on it, and QEMU opens the machine's disk again before it lets it run.
 */
async function writeThrough(file: string): Promise<void> {
  await using handle = await open(file, "r+");
  await handle.sync();
}

async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}
