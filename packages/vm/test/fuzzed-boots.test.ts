import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { buildImage } from "./built-image.ts";
import type { BootResult } from "./fuzzed-boots/fuzz-boot.ts";
import { runBoots } from "./fuzzed-boots/run-boots.ts";

/** First seed and number of boots: CLOISTER_VM_SEED and CLOISTER_VM_BOOTS make it repeat one, or go on for longer. */
const SEED = Number(process.env["CLOISTER_VM_SEED"] ?? Date.now() % 1_000_000);
const BOOTS = process.env["CLOISTER_VM_BOOTS"];
/** Nobody waits long for those whose number was not asked for. */
const SECONDS = BOOTS === undefined ? 8 : Infinity;
const SEEDS = Array.from({ length: Number(BOOTS ?? 10) }, (_, index) => SEED + index);

/** Host's processor time that may go by between two looks at the guest, in ms; a compiler has its share of it. */
const LONGEST_SLICE_MS = 5000;
/** A machine that nobody collected, and what V8 keeps. */
const GROWTH_BYTES = 500e6;
/** Memory is looked at from then on: until here, code is compiled and caches fill. */
const WARM = 3;

function describe({ seed, start, mode, ending, instructions, drivers, harm }: BootResult): string {
  const millions = (instructions / 1e6).toFixed(0);
  return `seed ${seed}: from ${start}, ${mode}, ${millions} M instructions, ${drivers} drivers at work: ${ending}${harm === undefined ? "" : `\n${harm}`}`;
}

function report(context: TestContext, results: readonly BootResult[]): void {
  const endings = Map.groupBy(results, ({ start, ending }) => `from ${start}: ${ending}`);
  for (const [ending, those] of endings) context.diagnostic(`${those.length} ${ending}`);
}

test("boots whose devices, disks and rings are disturbed end within their bounds, and do the host no harm", async (context) => {
  const image = buildImage("tiny");
  context.diagnostic(`seeds from ${SEED}`);
  const order = { image, seeds: SEEDS, seconds: SECONDS };
  const { results, residentBytes, hung } = await runBoots(order, (result) => context.diagnostic(describe(result)));
  report(context, results);
  assert.equal(hung, undefined, `the boot of seed ${hung} hangs`);
  assert.ok(results.length > 0, "there was time for a boot");
  const harmed = results.filter(({ harm, longestSlice }) => harm !== undefined || longestSlice > LONGEST_SLICE_MS);
  assert.deepEqual(harmed.map(describe), []);
  const [warm = 0, last = 0] = [residentBytes[Math.min(WARM, residentBytes.length - 1)], residentBytes.at(-1)];
  context.diagnostic(`${Math.round(warm / 1e6)} MB in use at first, ${Math.round(last / 1e6)} MB at the end`);
  assert.ok(last < warm + GROWTH_BYTES, `memory grew from ${warm} to ${last} bytes`);
});
