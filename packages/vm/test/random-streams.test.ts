import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { COMPRESSED } from "../src/riscv/isa/compressed.ts";
import { createDecodedInstruction, createDecoder } from "../src/riscv/isa/decode.ts";
import { INSTRUCTIONS } from "../src/riscv/isa/instructions.ts";
import { compareResults } from "../src/testing/compare-results.ts";
import { type EngineResult, type EngineRun, runInEngine } from "../src/testing/engine-machine.ts";
import { runInQemu } from "../src/testing/qemu-machine.ts";
import type { StreamOptions } from "../src/testing/stream-context.ts";
import { createStreamImage } from "../src/testing/stream-image.ts";
import { BLOCK, PROGRAM_BYTES } from "../src/testing/stream-layout.ts";
import { generateProgram } from "../src/testing/stream-program.ts";

/** First seed and number of programs of a run: CLOISTER_VM_SEED and CLOISTER_VM_STREAMS make it repeat one, or go on for longer. */
const SEED = Number(process.env["CLOISTER_VM_SEED"] ?? Date.now() % 1_000_000);
const STREAMS = Number(process.env["CLOISTER_VM_STREAMS"] ?? 150);
/** As many as there is memory for. */
const BATCH = 600;
/** Programs are short: all compile earlier than machines do otherwise; the last one as early that regions grow. */
const WAYS = [
  { mode: "interpreter" },
  { mode: "block", compileAfter: 400 },
  { mode: "region", compileAfter: 400 },
  { mode: "auto", compileAfter: 400 },
  { mode: "region", compileAfter: 20 },
] as const satisfies readonly Omit<EngineRun, "image" | "limit">[];
/** Instructions of one program, at most. */
const LIMIT = 1_000_000;

/** Half of them run in machine mode, the others in supervisor and user mode. */
const PRIVILEGES = [3, 1, 3, 0] as const;

function streamsFrom(seed: number, count: number, more: Partial<StreamOptions> = {}): readonly StreamOptions[] {
  return Array.from({ length: count }, (_, index) => {
    const privilege = PRIVILEGES[(seed + index) % PRIVILEGES.length] ?? 3;
    return { seed: seed + index, privilege, ...more };
  });
}

function run(run: Omit<EngineRun, "limit">, streams: readonly StreamOptions[]): EngineResult {
  return runInEngine({ ...run, limit: streams.length * LIMIT });
}

/** Batches of all streams of this run. */
function batches(): readonly (readonly StreamOptions[])[] {
  return Array.from({ length: Math.ceil(STREAMS / BATCH) }, (_, index) =>
    streamsFrom(SEED + index * BATCH, Math.min(BATCH, STREAMS - index * BATCH)),
  );
}

function checkBatch(context: TestContext, streams: readonly StreamOptions[]): void {
  const first = streams[0]?.seed ?? 0;
  context.diagnostic(`seeds from ${first}, ${streams.length} programs`);
  const image = createStreamImage(streams, { interrupts: false });
  const expected = runInQemu(image, 60_000);
  assert.equal(expected.length, streams.length * BLOCK.resultBytes);
  for (const way of WAYS) {
    const { output, instructions, compiled } = run({ image, ...way }, streams);
    context.diagnostic(`${JSON.stringify(way)}: ${instructions} instructions, ${JSON.stringify(compiled)} units`);
    assert.deepEqual(compareResults(output, expected), [], `${JSON.stringify(way)}, seeds from ${first}`);
    const units = compiled.block + compiled.region;
    // Those with the same code share its unit.
    assert.ok(way.mode === "interpreter" ? units === 0 : units > streams.length / 3, "each program has a hot loop");
  }
}

test("random programs leave the registers, memory and traps that they leave in QEMU, in every mode", (context) => {
  for (const streams of batches()) checkBatch(context, streams);
});

test("timer interrupts between any two instructions change nothing, in every mode", (context) => {
  const streams = streamsFrom(SEED, Math.min(40, STREAMS), { isInterruptible: true });
  context.diagnostic(`seeds from ${SEED}`);
  const quiet = run({ image: createStreamImage(streams, { interrupts: false }), mode: "interpreter" }, streams);
  const image = createStreamImage(streams, { interrupts: true });
  for (const way of WAYS) {
    const { output, instructions } = run({ image, ...way, slice: 37 }, streams);
    assert.deepEqual(compareResults(output, quiet.output), [], `${JSON.stringify(way)}, seeds from ${SEED}`);
    assert.ok(instructions > quiet.instructions * 1.1, "interrupts were taken");
  }
});

test("random programs hold every instruction that a user can run, and every compressed one", () => {
  const [words, compressed] = collect(streamsFrom(1, 150));
  const isLeft = ({ name, extension }: (typeof INSTRUCTIONS)[number]): boolean =>
    extension !== "privileged" && !words.has(name);
  assert.deepEqual(
    INSTRUCTIONS.filter(isLeft).map(({ name }) => name),
    ["pause"],
  );
  assert.deepEqual(
    COMPRESSED.filter((_, index) => !compressed.has(index)).map(({ name }) => name),
    [],
  );
});

/** Names of instructions, and rows of compressed ones, that are in the code of some programs. */
function collect(streams: readonly StreamOptions[]): readonly [ReadonlySet<string>, ReadonlySet<number>] {
  const [words, compressed] = [new Set<string>(), new Set<number>()];
  const [decode, decoded] = [createDecoder(), createDecodedInstruction()];
  for (const stream of streams) {
    const view = new DataView(generateProgram(0x8002_0000, stream).buffer);
    for (let at: number = BLOCK.code; at < PROGRAM_BYTES - 4; at += decoded.length) {
      const bits = view.getInt32(at, true);
      decode(bits, decoded);
      if ((bits & 0xffff) === 0) continue;
      words.add(INSTRUCTIONS[decoded.instruction]?.name ?? "");
      if (decoded.length === 2)
        compressed.add(COMPRESSED.findIndex(({ mask, match }) => (bits & 0xffff & mask) === match));
    }
  }
  return [words, compressed];
}
