/**
 * Templates: machines that were booted and warmed up once. Their memory lies in a file that clones map privately, so that they share
 * its pages with each other; beside it lies the state of the devices, which is small. A clone therefore starts in the time that QEMU
 * takes to start.
 */
import { hash } from "node:crypto";
import { join } from "node:path";
import type { MachineImage, MachineSpec, TemplateSpec } from "../port.ts";
import { addLayer, adoptImage, shareLayers } from "../virtual/layers.ts";
import { type MachineRecord, recallMade, remember } from "../virtual/record.ts";
import { findTemplate, keepTemplate, warmUp } from "../virtual/templates.ts";
import { hardwareFingerprint } from "./command-line.ts";
import { hardwareFor } from "./hardware.ts";
import { type MachinePlace, launch, steer } from "./launch.ts";
import { saveState } from "./migration.ts";
import type { QemuFinding } from "./probe.ts";

const MEMORY = "memory";
const STATE = "state";

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

async function bootAndSave(place: MachinePlace, spec: TemplateSpec, finding: QemuFinding): Promise<void> {
  adoptImage(spec.image, place.folder);
  const hardware = hardwareFor(spec.image, spec.limits, finding);
  const record: MachineRecord = { hardware, layers: addLayer(place.folder, [], hardware.diskBytes), snapshots: {} };
  remember(place.folder, record);
  await launch(place, record, { kind: "boot_shared", memory: join(place.folder, MEMORY) });
  await warmUp(place, spec.warmUp);
  using monitor = await steer(place);
  const file = join(place.folder, STATE);
  const { socketFolder } = place;
  await saveState({ monitor, socketFolder, file, isTemplate: true, whileStill: async () => undefined });
}
