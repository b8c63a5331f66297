/**
 * Templates: machines that were booted and warmed up once. Their memory lies in a file that clones map privately, so that they share
 * its pages with each other; beside it lies the state of the devices, which is small. A clone therefore starts in the time that QEMU
 * takes to start.
 */
import { hash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import { isAlive } from "../../process/process-table.ts";
import { connectGuest } from "../guest/connect-guest.ts";
import { makeSocketFolder } from "../places.ts";
import type { MachineId, MachineImage, MachineSpec, TemplateSpec } from "../port.ts";
import { readRecord, takeTurn, writeRecord } from "../tool/index.ts";
import { hardwareFingerprint } from "./command-line.ts";
import { connectGuestPort } from "./guest-port.ts";
import { runQuietly } from "./guest-work.ts";
import { launch, type MachinePlace, steer } from "./launch.ts";
import { addLayer, adoptImage, shareLayers } from "./layers.ts";
import { saveState } from "./migration.ts";
import { hardwareFor } from "./hardware.ts";
import type { QemuFinding } from "./probe.ts";
import { findQemu, killQemu } from "./qemu-process.ts";
import { type QemuRecord, recallMade, remember } from "./record.ts";

const FILE = "template.json";
const MEMORY = "memory";
const STATE = "state";
const WARM_UP_MS = 60_000;
/**
 * Leaves in memory what programs share and use, and nothing of what they once read. What the kernel knows of names and folders stays:
 * every clone would look it up anew, by code that is slow to emulate for the first time.
 */
const SETTLE = ["/bin/sh", "-c", "sync; echo 1 > /proc/sys/vm/drop_caches"];

const templateSchema = z.object({ fingerprint: z.string() });

/** Names all that a template depends on. */
export function templateFingerprint(spec: Pick<TemplateSpec, "image" | "limits">, finding: QemuFinding): string {
  const hardware = hardwareFor(spec.image, spec.limits, finding);
  return hash("sha256", JSON.stringify([spec.image.digest, hardwareFingerprint(hardware, finding)]));
}

/** Makes `machine` a clone of the template for its image and limits, and starts it. @returns false where there is none */
export async function cloneTemplate(
  machine: MachineSpec,
  from: { readonly image: MachineImage; readonly templates: string; readonly finding: QemuFinding },
): Promise<boolean> {
  const fingerprint = templateFingerprint({ image: from.image, limits: machine.limits }, from.finding);
  const folder = findTemplate(from.templates, fingerprint);
  if (folder === undefined) return false;
  const { hardware, layers } = recallMade({ id: machine.id, folder });
  shareLayers(folder, machine.folder, layers);
  const record = { hardware, layers: addLayer(machine.folder, layers, hardware.diskBytes), snapshots: {} };
  remember(machine.folder, record);
  await launch(machine, record, { kind: "template", memory: join(folder, MEMORY), state: join(folder, STATE) });
  return true;
}

/** Boots, warms up and saves a template where there is none; waits where somebody else does. @returns its fingerprint */
export async function prepareTemplate(
  spec: TemplateSpec,
  finding: QemuFinding,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const fingerprint = templateFingerprint(spec, finding);
  await keepTemplate({ ...spec, fingerprint, env, make: (place) => bootAndSave(place, spec, finding) });
  return fingerprint;
}

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
  readonly make: (place: MachinePlace) => Promise<void>;
};

/** Makes a template where there is none; waits where somebody else does. What fails leaves nothing. */
export async function keepTemplate({ folder: templates, fingerprint, env, make }: TemplateMaking): Promise<void> {
  const folder = join(templates, fingerprint);
  mkdirSync(templates, { recursive: true, mode: 0o700 });
  using _ = await takeTurn(`${folder}.lock`);
  if (readRecord(folder, FILE, templateSchema) !== undefined) return;
  removeAbandoned(templates);
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
  const running = findQemu(folder);
  if (running !== undefined) await killQemu([running]);
}

/** Tells whether a process is that of a template that somebody is making just now. */
export function isBeingMade(folder: string): boolean {
  const [, pid] = /\/making-(\d+)-[0-9a-f]{12}$/.exec(folder) ?? [];
  return pid !== undefined && (Number(pid) === process.pid || isAlive(Number(pid)));
}

async function bootAndSave(place: MachinePlace, spec: TemplateSpec, finding: QemuFinding): Promise<void> {
  adoptImage(spec.image, place.folder);
  const hardware = hardwareFor(spec.image, spec.limits, finding);
  const record: QemuRecord = { hardware, layers: addLayer(place.folder, [], hardware.diskBytes), snapshots: {} };
  remember(place.folder, record);
  await launch(place, record, { kind: "boot_shared", memory: join(place.folder, MEMORY) });
  await warmUp(place, spec.warmUp);
  using monitor = await steer(place);
  const file = join(place.folder, STATE);
  const { socketFolder } = place;
  await saveState({ monitor, socketFolder, file, isTemplate: true, whileStill: async () => undefined });
}

/** Runs the programs of a template in the machine that is to become one, and leaves in memory what they share. */
export async function warmUp(
  { socketFolder }: Pick<MachinePlace, "socketFolder">,
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
function removeAbandoned(folder: string): void {
  const abandoned = readdirSync(folder).filter((name) => name.startsWith("making-") && !isBeingMade(`/${name}`));
  for (const name of abandoned) rmSync(join(folder, name), { recursive: true, force: true });
}
