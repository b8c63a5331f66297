/** What machines cost: how soon they answer, what they hold, and whether they keep what they are given. */
import type { Findings, Measurement, Scenario } from "../measurement.ts";
import { measureContainer } from "../machines/container.ts";
import { measureCycles } from "../machines/cycles.ts";
import { measureImage } from "../machines/image.ts";
import { openPlace, type Place } from "../machines/place.ts";
import { measureSandbox } from "../machines/sandbox.ts";
import { measureSnapshots } from "../machines/snapshots.ts";
import { measureVirtualMachines } from "../machines/virtual-machine.ts";

/** The scenario. */
export const MACHINES: Scenario = { name: "machines", measure };

/** In this order: what comes later is made of the image that the first one builds. */
const PARTS: readonly ((place: Place) => Promise<Measurement[]>)[] = [
  measureImage,
  measureSandbox,
  measureContainer,
  measureVirtualMachines,
  measureSnapshots,
  measureCycles,
];

async function measure(): Promise<Findings> {
  await using place = openPlace();
  const measurements: Measurement[] = [];
  for (const part of PARTS) measurements.push(...(await part(place)));
  return { measurements, breakdowns: [] };
}
