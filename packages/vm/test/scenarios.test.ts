import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { runInEngine } from "../src/testing/engine-machine.ts";
import { runInQemu } from "../src/testing/qemu-machine.ts";
import { assembleScenario } from "../src/testing/scenario.ts";

const MODES = ["interpreter", "block", "region", "auto"] as const;
const LIMIT = 50_000_000;

/** What a scenario shows, the file of its text, and bytes that it writes at least. */
const SCENARIOS: readonly (readonly [name: string, file: string, bytes: number])[] = [
  ["every page-table entry, at every level, lets through what it lets through in QEMU", "page-tables", 100_000],
  ["hot code that is mapped elsewhere runs what is there now", "remapping", 192],
  ["hot code over two pages runs what is there now, and faults where nothing is", "code-across-pages", 800],
  ["hot loops go on with the page that is mapped now", "remembered-pages", 656],
  ["hot functions return where they are told to", "returns", 320],
  ["an access across two pages faults in the second, and changes nothing", "page-crossing", 1536],
  ["conditional stores succeed and fail as in QEMU", "reservations", 100],
  [
    "timer interrupts of the supervisor arrive in hot loops and end WFI, and all registers stay",
    "supervisor-timer",
    16,
  ],
];

describe("bare-metal scenarios write what they write in QEMU, in every mode", () => {
  for (const [name, file, bytes] of SCENARIOS)
    test(name, () => {
      const image = assembleScenario(readFileSync(new URL(`scenarios/${file}.s`, import.meta.url), "utf8"));
      const expected = Buffer.from(runInQemu(image, 20_000));
      assert.ok(expected.length >= bytes, `QEMU writes ${expected.length} bytes`);
      for (const mode of MODES) {
        const actual = Buffer.from(runInEngine({ image, mode, limit: LIMIT, slice: 10_000, compileAfter: 50 }).output);
        const place = actual.findIndex((byte, index) => byte !== expected[index]);
        assert.ok(actual.equals(expected), `${mode}: byte ${place} of ${actual.length} is not QEMU's`);
      }
    });
});
