import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { encodeCache } from "../cache/cache-file.ts";
import { CodeCache } from "../cache/code-cache.ts";
import { isCompiledFrom } from "../cache/unit.ts";
import { engineIdentity } from "../jit/engine-identity.ts";
import { NODE_CODECS } from "../node/block-codecs.ts";
import { codeInUse, decodeMachineCode, encodeMachineCode } from "./machine-code.ts";
import type { RestoredState } from "./machine-state.ts";
import { readSnapshot } from "./read-snapshot.ts";
import { toSnapshotFile } from "./snapshot-file.ts";
import { InstructionTime, lookingForCode, TickingMachine } from "./testing/ticking-machine.ts";
import type { SnapshotOptions } from "./write-snapshot.ts";

const WHOLE = Infinity;
/** So slow that the code of a snapshot is taken in while the program still runs: a letter is printed for each 100 µs. */
const SLOW_NANOSECONDS = 1000;
/** Letters, after which it has been taken in. */
const TAKEN_IN = 600;

/** Runs a machine whose code was taken in from another one to its end. The program keeps dropping its code, as it writes beside it. */
async function runWithCode(machine: TickingMachine): Promise<void> {
  await machine.runTo(TAKEN_IN);
  const before = machine.machine.stats();
  deepEqual(await machine.runTo(WHOLE), { kind: "power_off" });
  const { loaded, byTier } = machine.machine.stats();
  ok(loaded.region > before.loaded.region);
  ok(byTier.cached > byTier.region / 2, `${byTier.cached} of ${byTier.region} instructions in code of the snapshot`);
}

/** A machine that has compiled its loop. */
async function hotMachine(): Promise<TickingMachine> {
  const hot = await TickingMachine.create({ mode: "region", compileAfter: 10 });
  await hot.runTo(9);
  ok(hot.machine.stats().compiled.region > 0);
  return hot;
}

test("a machine that goes on from a snapshot runs mostly the code that was compiled before", async () => {
  const hot = await hotMachine();
  for (const compress of [true, false]) {
    const snapshot = await hot.machine.snapshot({ compress });
    const host = new InstructionTime(SLOW_NANOSECONDS);
    await runWithCode(await TickingMachine.create({ ...lookingForCode(), host }, snapshot));
  }
});

test("a fork runs mostly the code of the machine that it was made of", async () => {
  const hot = await hotMachine();
  const host = new InstructionTime(SLOW_NANOSECONDS);
  const fork = TickingMachine.of(await hot.machine.fork({ ...lookingForCode(), host }));
  host.machine = fork.machine;
  await runWithCode(fork);
});

test("the code of a snapshot is that of its memory, and is left out where nobody wants it", async () => {
  const hot = await hotMachine();
  const read = async (options: SnapshotOptions): Promise<RestoredState> =>
    readSnapshot([toSnapshotFile(await hot.machine.snapshot(options))], NODE_CODECS);
  const { readCode } = await read({});
  const units = (await readCode?.())?.units() ?? [];
  equal(units.length, hot.machine.parts.processor.unitsInUse().length);
  for (const unit of hot.machine.parts.processor.unitsInUse()) {
    const offset = unit.address % 4096;
    const page = hot.machine.parts.physical.readable(unit.address - offset, 4096) ?? new Uint8Array(0);
    ok(units.some((candidate) => isCompiledFrom(candidate, page, offset)));
  }
  equal((await read({ code: false })).readCode, undefined);
});

test("code of another engine, and damaged code, is not used", async () => {
  const hot = await hotMachine();
  const inUse = codeInUse(hot.machine.parts.processor);
  const code = encodeMachineCode(inUse);
  const { units } = inUse.statistics;
  ok(units > 0);
  equal(decodeMachineCode(code).statistics.units, units);
  equal(decodeMachineCode(encodeCache(inUse, `${engineIdentity()}x`)).statistics.units, 0);
  for (const at of [0, 40, code.length >> 1, code.length - 1]) {
    const damaged = Uint8Array.from(code);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    equal(decodeMachineCode(damaged).statistics.units, 0);
  }
  equal(decodeMachineCode(new Uint8Array(0)).statistics.units, 0);
});

test("the code of a snapshot does not get into the cache that other machines use", async () => {
  const hot = await hotMachine();
  const cache = new CodeCache();
  const host = new InstructionTime(SLOW_NANOSECONDS);
  const snapshot = await hot.machine.snapshot();
  const next = await TickingMachine.create({ mode: "region", compileAfter: 65_535, host, cache }, snapshot);
  await next.runTo(WHOLE);
  equal(cache.statistics.units, 0);
});
