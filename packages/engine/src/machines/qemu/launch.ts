import { existsSync, mkdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CloisterError } from "@cloister/core";
import { z } from "zod";
import { beginAgentTalk } from "../foreign/agent-channel.ts";
import { applyLimits, removeMachineGroups } from "../limits/index.ts";
import type { MachineSpec } from "../port.ts";
import { awaitGuest, didNotStart, type OpenedPorts } from "../virtual/await-guest.ts";
import { bootLimitMs } from "../virtual/boot-limit.ts";
import { AGENT_SOCKET } from "../virtual/guest-port.ts";
import { furnishForeign } from "../virtual/guest-work.ts";
import { IMAGE_FILES } from "../virtual/layers.ts";
import {
  type MachineProcess,
  findProcess,
  isLiving,
  killProcesses,
  lastWords,
  startProcess,
  notRunning,
} from "../virtual/machine-process.ts";
import { CONSOLE_LOG, type MachineRecord } from "../virtual/record.ts";
import { architectureOf } from "./architecture.ts";
import { AGENT_CHARDEV, type MemoryBacking, SOCKETS, argumentsFor } from "./command-line.ts";
import { loadState } from "./migration.ts";
import { Monitor, connectSocket } from "./monitor.ts";
import { processLimits } from "./process-limits.ts";

const BOOT_POLL_MS = 20;
/** What QEMU itself says. */
const LOG = "qemu.log";
const CONSOLE_BYTES = 4 * 1024 * 1024;

/** Where a machine lies, and how its process is marked. */
export type MachinePlace = Pick<MachineSpec, "id" | "folder" | "socketFolder" | "env"> &
  /** Where these are, the host holds QEMU to what they come to; a template, which nobody works in, goes without. */
  Partial<Pick<MachineSpec, "limits">>;

/**
 * What a machine starts with: nothing, with a new memory in a file of its own (`keep`) that a template is made of, a saved state, or
 * a template's memory and state.
 */
export type StartFrom =
  | { readonly kind: "boot" }
  | { readonly kind: "boot_shared"; readonly memory: string }
  | { readonly kind: "state"; readonly state: string }
  | { readonly kind: "template"; readonly memory: string; readonly state: string };

/**
 * Starts a machine's process and waits until its guest agent listens. Does nothing where it runs.
 * @throws CloisterError `machine_failed`, with what QEMU and the console said; then nothing of it runs
 */
export async function launch(place: MachinePlace, record: MachineRecord, from: StartFrom): Promise<void> {
  if (findProcess(place.folder) !== undefined) return;
  makeRoom(place);
  const started = await startLimited(place, record, commandFor(place, record, from));
  try {
    using monitor = await Monitor.open(join(place.socketFolder, SOCKETS.monitor), () => isLiving(started));
    await enterState(monitor, place, from);
    await guestListens({ monitor, started, place, record });
    if (from.kind.startsWith("boot") && record.hardware.foreign !== undefined) await furnishForeign(place.socketFolder);
  } catch (cause: unknown) {
    await killProcesses([started]);
    await removeMachineGroups(place.id);
    throw launchFailed(place, cause);
  }
}

async function startLimited(place: MachinePlace, { hardware }: MachineRecord, argv: string[]): Promise<MachineProcess> {
  const { folder, env } = place;
  if (place.limits === undefined) return startProcess({ argv, folder, env, log: LOG });
  const limits = await applyLimits({ id: place.id, limits: processLimits(hardware) });
  return startProcess({ argv: limits.wrap(argv), folder, env, log: LOG });
}

/** A connection to steer a running machine. @throws CloisterError `machine_failed` where it does not run */
export async function steer(
  place: Pick<MachinePlace, "id" | "folder" | "socketFolder">,
  socket: "monitor" | "watch" = "monitor",
): Promise<Monitor> {
  const running = findProcess(place.folder);
  if (running === undefined) throw notRunning(place);
  return Monitor.open(join(place.socketFolder, SOCKETS[socket]), () => isLiving(running));
}

function commandFor(place: MachinePlace, record: MachineRecord, from: StartFrom): string[] {
  const { program } = architectureOf(record.hardware.architecture);
  const line = {
    ...place,
    hardware: record.hardware,
    disk: record.layers.at(-1) ?? IMAGE_FILES.disk,
    hasKernel: existsSync(join(place.folder, IMAGE_FILES.kernel)),
    hasInitrd: existsSync(join(place.folder, IMAGE_FILES.initrd)),
    memory: memoryFor(from),
    isIncoming: from.kind === "state" || from.kind === "template",
  };
  return [program, ...argumentsFor(line)];
}

function memoryFor(from: StartFrom): MemoryBacking {
  if (from.kind === "boot_shared") return { kind: "shared", file: from.memory };
  if (from.kind === "template") return { kind: "private", file: from.memory };
  return { kind: "plain" };
}

async function enterState(monitor: Monitor, { socketFolder }: MachinePlace, from: StartFrom): Promise<void> {
  if (from.kind === "boot" || from.kind === "boot_shared") return;
  await loadState(monitor, { socketFolder, file: from.state, leavesSharedOut: from.kind === "template" });
  await monitor.execute("cont");
}

/** What a former process left behind: sockets, and a console log that has grown. */
function makeRoom({ folder, socketFolder }: MachinePlace): void {
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  for (const name of [SOCKETS.monitor, SOCKETS.watch, AGENT_SOCKET]) rmSync(join(socketFolder, name), { force: true });
  const log = join(folder, CONSOLE_LOG);
  if (existsSync(log) && statSync(log).size > CONSOLE_BYTES) truncateSync(log, 0);
}

const ports = z.array(z.object({ label: z.string(), "frontend-open": z.boolean() }));

type Started = {
  readonly monitor: Monitor;
  readonly started: MachineProcess;
  readonly place: MachinePlace;
  readonly record: MachineRecord;
};

async function guestListens({ monitor, started, place, record }: Started): Promise<void> {
  const { foreign } = record.hardware;
  const path = join(place.socketFolder, AGENT_SOCKET);
  const talk = async (): ReturnType<typeof beginAgentTalk> =>
    beginAgentTalk(await connectSocket(path, () => isLiving(started), performance.now()));
  const readProgram = (): Promise<Uint8Array> => readFile(join(place.folder, IMAGE_FILES.guestProgram));
  await awaitGuest({
    ports: () => openedPorts(monitor, started),
    pollMs: BOOT_POLL_MS,
    limitMs: bootLimitMs(place.env, record.hardware),
    ...(foreign !== undefined && { foreign: { readProgram, talk } }),
  });
}

async function openedPorts(monitor: Monitor, started: MachineProcess): Promise<OpenedPorts> {
  const found = await monitor.execute("query-chardev", { schema: ports });
  const isOpen = (label: string): boolean => found.some((port) => port.label === label && port["frontend-open"]);
  const opened = { guest: isOpen("guest0"), agent: isOpen(AGENT_CHARDEV) };
  if (!opened.guest && !isLiving(started)) throw new Error("its process has ended");
  return opened;
}

function launchFailed({ id, folder }: MachinePlace, cause: unknown): CloisterError {
  const words = [lastWords(folder, LOG), lastWords(folder, CONSOLE_LOG)].filter((text) => text !== "").join(" | ");
  return didNotStart(id, cause, words);
}
