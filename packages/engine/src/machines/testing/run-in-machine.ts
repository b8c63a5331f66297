import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import type { ExecEnd, ExecSpec, GuestProcess } from "../guest/port.ts";
import type { OpenMachine } from "../manager/port.ts";

/** How a program in a machine ended, and what it said. */
export type Outcome = { readonly stdout: string; readonly stderr: string; readonly end: ExecEnd };

/** Longer than anything takes that a test waits for. */
const LIMIT_MS = 60_000;

/** Starts a program in a machine as its user. @param command words, or a script for its shell */
export function startIn(
  { guest, env, surroundings: { user } }: OpenMachine,
  command: readonly string[] | string,
  spec: Partial<ExecSpec> = {},
): GuestProcess {
  const argv = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
  return guest.exec({ argv, env, timeLimitMs: LIMIT_MS, ...(user === undefined ? {} : { user }), ...spec });
}

/** What becomes of a program. */
export async function outcomeOf(running: GuestProcess): Promise<Outcome> {
  const [stdout, stderr, end] = await Promise.all([text(running.stdout), text(running.stderr), running.exit]);
  return { stdout, stderr, end };
}

/** Runs a program in a machine to its end. */
export function runIn(
  machine: OpenMachine,
  command: readonly string[] | string,
  spec: Partial<ExecSpec> = {},
): Promise<Outcome> {
  return outcomeOf(startIn(machine, command, spec));
}

/** What a program that succeeds prints, without the white space around it. @throws where it fails */
export async function saidIn(
  machine: OpenMachine,
  command: readonly string[] | string,
  spec: Partial<ExecSpec> = {},
): Promise<string> {
  const { stdout, stderr, end } = await runIn(machine, command, spec);
  if (end.code !== 0) throw new Error(`${String(command)}: ${JSON.stringify(end)} ${stderr}`);
  return stdout.trim();
}

async function text(source: AsyncIterable<Uint8Array>): Promise<string> {
  return (await buffer(Readable.from(source, { objectMode: true }))).toString("utf8");
}
