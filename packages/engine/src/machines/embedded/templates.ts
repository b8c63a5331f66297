/** Templates: machines that were booted and warmed up once, whose disk, memory and devices clones start from. */
import { hash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { cloisterVersion } from "../../loop/charter.ts";
import type { MachineImage, MachineSpec, TemplateSpec } from "../port.ts";
import { readRecord, writeRecord } from "../tool/index.ts";
import { GUEST_PORTS } from "../virtual/guest-port.ts";
import { addLayer, adoptImage, shareLayers } from "../virtual/layers.ts";
import { recallMade, remember } from "../virtual/record.ts";
import { findTemplate, keepTemplate, warmUp } from "../virtual/templates.ts";
import { COMMAND_LINE, hardwareFor } from "./hardware.ts";
import { launch, type MachinePlace } from "./launch.ts";
import { holdWhole } from "./snapshots.ts";

/** Which of the template's files is its memory. */
const FILE = "embedded-template.json";

const templateSchema = z.object({ state: z.string().regex(/^state-[0-9a-f]{12}$/) });

/** Names all that a template depends on. */
export function templateFingerprint({ image, limits }: Pick<TemplateSpec, "image" | "limits">): string {
  const shape = ["embedded", cloisterVersion, GUEST_PORTS, COMMAND_LINE, hardwareFor(image, limits)];
  return hash("sha256", JSON.stringify([image.digest, shape]));
}

/** Makes `machine` a clone of the template for its image and limits, and starts it. @returns false where there is none */
export async function cloneTemplate(machine: MachineSpec, image: MachineImage, templates: string): Promise<boolean> {
  const folder = findTemplate(templates, templateFingerprint({ image, limits: machine.limits }));
  const saved = folder === undefined ? undefined : readRecord(folder, FILE, templateSchema);
  if (folder === undefined || saved === undefined) return false;
  const { hardware, layers } = recallMade({ id: machine.id, folder });
  // The last layer is that of the machine that was saved: written to after that moment, if at all.
  const below = layers.slice(0, -1);
  shareLayers(folder, machine.folder, below);
  const record = { hardware, layers: addLayer(machine.folder, below, hardware.diskBytes), snapshots: {} };
  remember(machine.folder, record);
  await launch(machine, record, join(folder, saved.state));
  return true;
}

/** Boots, warms up and saves a template where there is none; waits where somebody else does. @returns its fingerprint */
export async function prepareTemplate(spec: TemplateSpec, env: Readonly<Record<string, string>>): Promise<string> {
  const fingerprint = templateFingerprint(spec);
  await keepTemplate({ folder: spec.folder, fingerprint, env, make: (place) => bootAndSave(place, spec) });
  return fingerprint;
}

async function bootAndSave(place: MachinePlace, { image, limits, warmUp: programs }: TemplateSpec): Promise<void> {
  adoptImage(image, place.folder);
  const hardware = hardwareFor(image, limits);
  const record = { hardware, layers: addLayer(place.folder, [], hardware.diskBytes), snapshots: {} };
  remember(place.folder, record);
  await launch(place, record);
  await warmUp(place, programs);
  const { state } = await holdWhole(place);
  writeRecord(place.folder, FILE, { state });
}
