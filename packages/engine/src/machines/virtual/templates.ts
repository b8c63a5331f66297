/** Keeps templates: folders that clones are made of, each named after all that it depends on. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import { isAlive } from "../../process/process-table.ts";
import { connectGuest } from "../guest/connect-guest.ts";
import { makeSocketFolder } from "../places.ts";
import type { MachineId, MachineSpec, TemplateSpec } from "../port.ts";
import { readRecord, takeTurn, writeRecord } from "../tool/index.ts";
import { connectGuestPort } from "./guest-port.ts";
import { runQuietly } from "./guest-work.ts";
import { findProcess, killProcesses } from "./machine-process.ts";

const FILE = "template.json";
const WARM_UP_MS = 60_000;
/**
 * Leaves in memory what programs share and use, and nothing of what they once read. What the kernel knows of names and folders stays:
 * every clone would look it up anew, by code that is slow to emulate for the first time.
 */
const SETTLE = ["/bin/sh", "-c", "sync; echo 1 > /proc/sys/vm/drop_caches"];

const templateSchema = z.object({ fingerprint: z.string() });

/** Where a template is made. */
export type TemplatePlace = Pick<MachineSpec, "id" | "folder" | "socketFolder" | "env">;

/**
 * The folder of a template; undefined where there is none.
 * @throws CloisterError `machine_failed` where what lies there is another one
 */
export function findTemplate(templates: string, fingerprint: string): string | undefined {
  const folder = join(templates, fingerprint);
  const found = readRecord(folder, FILE, templateSchema);
  if (found === undefined || found.fingerprint === fingerprint) return found === undefined ? undefined : folder;
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected the template ${fingerprint}, found one that calls itself ${found.fingerprint}.`,
    remedy: `Remove ${folder}, and make the template again.`,
  });
}

/** A template to make. */
export type TemplateMaking = {
  /** Where templates lie. */
  readonly folder: string;
  readonly fingerprint: string;
  readonly env: Readonly<Record<string, string>>;
  /** Makes it in the folder of a new place. What runs there afterwards is killed. */
  readonly make: (place: TemplatePlace) => Promise<void>;
};

/** Makes a template where there is none; waits where somebody else does. What fails leaves nothing. */
export async function keepTemplate({ folder: templates, fingerprint, env, make }: TemplateMaking): Promise<void> {
  const folder = join(templates, fingerprint);
  mkdirSync(templates, { recursive: true, mode: 0o700 });
  using _ = await takeTurn(`${folder}.lock`);
  if (readRecord(folder, FILE, templateSchema) !== undefined) return;
  await removeAbandoned(templates);
  const id = randomBytes(6).toString("hex") as MachineId;
  const place = { id, folder: join(templates, makingName(id)), socketFolder: makeSocketFolder(id), env };
  try {
    mkdirSync(place.folder, { mode: 0o700 });
    await make(place);
    await endProcess(place.folder);
    writeRecord(place.folder, FILE, { fingerprint });
    renameSync(place.folder, folder);
  } finally {
    await endProcess(place.folder);
    for (const left of [place.folder, place.socketFolder]) rmSync(left, { recursive: true, force: true });
  }
}

/** Kills the process of a machine, where there is one. */
async function endProcess(folder: string): Promise<void> {
  const running = findProcess(folder);
  if (running !== undefined) await killProcesses([running]);
}

/** Tells whether a process is that of a template that somebody is making just now. */
export function isBeingMade(folder: string): boolean {
  const [, pid] = /\/making-(\d+)-[0-9a-f]{12}$/.exec(folder) ?? [];
  return pid !== undefined && (Number(pid) === process.pid || isAlive(Number(pid)));
}

/** Runs the programs of a template in the machine that is to become one, and leaves in memory what they share. */
export async function warmUp(
  { socketFolder }: Pick<TemplatePlace, "socketFolder">,
  programs: TemplateSpec["warmUp"],
): Promise<void> {
  await using guest = await connectGuest(await connectGuestPort(socketFolder));
  for (const argv of programs) await runQuietly(guest, argv, { timeLimitMs: WARM_UP_MS, user: "agent" });
  await runQuietly(guest, SETTLE, { timeLimitMs: WARM_UP_MS });
}

function makingName(id: string): string {
  return `making-${process.pid}-${id}`;
}

/** What a crash left behind. */
async function removeAbandoned(folder: string): Promise<void> {
  const abandoned = readdirSync(folder).filter((name) => name.startsWith("making-") && !isBeingMade(`/${name}`));
  for (const name of abandoned) {
    await endProcess(join(folder, name));
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
