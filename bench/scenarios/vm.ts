/** The engine of embedded machines beside QEMU and v86: the same kernels, file systems and workloads, in turns. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Findings, Measurement, Scenario } from "../measurement.ts";
import { prepareBootFiles } from "../vm/boot-files.ts";
import { measureBoots } from "../vm/measure-boots.ts";
import { measureInterpreter } from "../vm/measure-interpreter.ts";
import { measureWorkloads } from "../vm/measure-workloads.ts";
import { type NativeLoop, openNativeLoop } from "../vm/native-loop.ts";
import type { Place } from "../vm/place.ts";
import { type Part, WANTED } from "../vm/settings.ts";

/** The scenario. */
export const VM: Scenario = { name: "vm", measure };

const PARTS: readonly (readonly [Part, (place: Place) => Promise<Measurement[]>])[] = [
  ["workloads", measureWorkloads],
  ["boots", measureBoots],
  ["interpreter", measureInterpreter],
];

const STEADY = 1.1;

async function measure(): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-bench-"));
  try {
    const native = openNativeLoop(folder);
    const place: Place = { folder, native, files: await prepareBootFiles(folder) };
    const measurements: Measurement[] = [];
    for (const [name, part] of PARTS) if (WANTED.has(name)) measurements.push(...(await part(place)));
    native.look();
    return { measurements: [...measurements, noiseRow(native)], breakdowns: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Where this misses its target, the rows above say little. */
function noiseRow(native: NativeLoop): Measurement {
  return {
    name: `Noise: a native loop of ${native.seconds().toFixed(2)} s before and after each machine, slowest over fastest`,
    unit: "×",
    peer: "",
    rounds: [{ cloister: [native.spread()], peer: [] }],
    target: { of: "cloister", p50: STEADY },
  };
}
