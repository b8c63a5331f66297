import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { V8_POOL_OPTION } from "@cloister/vm/v8-pool";
import type { MachineSpec } from "../port.ts";
import { writeRecord } from "../tool/index.ts";
import { findProcess, isLiving, killProcesses, lastWords, startProcess } from "../virtual/machine-process.ts";
import { CONSOLE_LOG, type MachineRecord } from "../virtual/record.ts";
import { askMachine } from "./control-client.ts";
import { CONTROL_SOCKET, FILES, type LaunchRecord } from "./control.ts";
import { machineEntry } from "./entry.ts";
import { PROCESS_MARK } from "./find-processes.ts";

/** A small image boots in some seconds, a full one on a busy host in half a minute. */
const BOOT_MS = 120_000;

/** The engine makes little garbage, and lives long: room for young objects, in MiB for each of its threads, would only fill up. */
const NODE_FLAGS = ["--max-semi-space-size=2", V8_POOL_OPTION];

/** What each of its threads has once allocated and freed would else be kept for that thread alone (glibc: mallopt(3), M_ARENA_MAX). */
const NODE_ENV = { MALLOC_ARENA_MAX: "2" };

/** Where a machine lies, and how its process is marked. */
export type MachinePlace = Pick<MachineSpec, "id" | "folder" | "socketFolder" | "env">;

/**
 * Starts a machine's process and waits until its guest agent listens. Does nothing where it runs.
 * @param state absolute path of the saved memory and devices to go on from; left out: it boots
 * @throws CloisterError `machine_failed`, with what the process and the console said; then nothing of it runs
 */
export async function launch(place: MachinePlace, record: MachineRecord, state?: string): Promise<void> {
  const { id, folder, socketFolder, env } = place;
  if (findProcess(folder) !== undefined) return;
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  // That of a process before, which may be about to end: the new one makes it again.
  rmSync(join(socketFolder, CONTROL_SOCKET), { force: true });
  const { memoryMib } = record.hardware;
  const settings: LaunchRecord = { socketFolder, memoryMib, layer: record.layers.at(-1) ?? "", state };
  writeRecord(folder, FILES.launch, settings);
  const argv = [process.execPath, ...NODE_FLAGS, machineEntry(), PROCESS_MARK, id, folder];
  const started = await startProcess({ argv, folder, env: { ...env, ...NODE_ENV }, log: FILES.log });
  try {
    await askMachine(socketFolder, { do: "await_guest" }, { limitMs: BOOT_MS, isAlive: () => isLiving(started) });
  } catch (cause: unknown) {
    await killProcesses([started]);
    throw launchFailed(place, cause);
  }
}

function launchFailed({ id, folder }: MachinePlace, cause: unknown): CloisterError {
  const words = [lastWords(folder, FILES.log), lastWords(folder, CONSOLE_LOG)].filter((text) => text !== "");
  const said = words.length === 0 ? "" : ` It said: ${words.join(" | ")}`;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CloisterError({ code: "machine_failed", message: `Machine ${id} did not start: ${why}${said}`, cause });
}
