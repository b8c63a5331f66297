import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { CodeCache } from "../cache/code-cache.ts";
import type { NativeCode } from "../cache/native-code.ts";
import { engineIdentity } from "../jit/engine-identity.ts";
import type { Machine } from "../machine/machine.ts";
import type { MachineStatistics } from "../machine/statistics.ts";
import { InstructionTime, lookingForCode, TickingMachine } from "../snapshot/testing/ticking-machine.ts";
import { type CacheFolder, openCacheFolder } from "./cache-folder.ts";
import { createNativeCode } from "./native-code.ts";
import { CountedCode } from "./testing/counted-code.ts";

const root = mkdtempSync(join(tmpdir(), "kept-code-"));
after(() => rmSync(root, { recursive: true }));

const CORE_KEEPER = join(import.meta.dirname, "testing/core-keeper.ts");

const key = new Uint8Array(32).fill(7);
const native = createNativeCode(key);

type Ran = {
  readonly machine: Machine;
  readonly output: string;
  readonly statistics: MachineStatistics;
  readonly code: CountedCode;
};

/** For V8 to optimize all of a small program. */
const LONG_MS = 60_000;

async function run(cache?: CodeCache, code: NativeCode = native): Promise<Ran> {
  const counted = new CountedCode(code);
  const host = Object.assign(new InstructionTime(), { native: counted });
  const machine = await TickingMachine.create({
    mode: "region",
    compileAfter: 10,
    host,
    ...(cache === undefined ? {} : { cache }),
  });
  await machine.runTo(Infinity);
  return { machine: machine.machine, output: machine.output, statistics: machine.machine.stats(), code: counted };
}

const openFolder = (name: string): Promise<CacheFolder> =>
  openCacheFolder({ folder: join(root, name), engine: engineIdentity(), native });

/** A folder with the code of the program, as machine code. */
async function keptFolder(name: string): Promise<CacheFolder> {
  const folder = await openFolder(name);
  const { cache } = await folder.load();
  const { machine } = await run(cache);
  machine.optimizeCode(LONG_MS);
  await folder.save(cache);
  return folder;
}

const { output } = await run();

test("a machine runs machine code that was kept, compiles nothing, and does the same", async () => {
  const { cache } = await (await keptFolder("same")).load();
  const second = await run(cache);
  assert.equal(second.output, output);
  assert.deepEqual(second.statistics.compiled, { block: 0, region: 0 });
  assert.ok(second.code.loads > 0);
  assert.equal(second.code.loaded, second.code.loads);
});

test("machines of one process share the code that the first of them has loaded", async () => {
  const { cache } = await (await keptFolder("shared")).load();
  await run(cache);
  const second = await run(cache);
  assert.equal(second.output, output);
  assert.equal(second.code.loads, 0);
  assert.deepEqual(second.statistics.compiled, { block: 0, region: 0 });
});

test("what was made of the core module is used by the next process", () => {
  const folder = mkdtempSync(join(root, "core-"));
  const run = (): readonly string[] =>
    execFileSync(process.execPath, [CORE_KEEPER, folder], { encoding: "utf8" }).trim().split("\n");
  assert.deepEqual(run(), [output, "0 0"]);
  assert.deepEqual(run(), [output, "1 1"]);
});

test("machine code of another user is not run: the WebAssembly beside it is", async () => {
  const folder = await keptFolder("other");
  const { cache } = await folder.load();
  const second = await run(cache, createNativeCode(new Uint8Array(32)));
  assert.equal(second.output, output);
  assert.deepEqual(second.statistics.compiled, { block: 0, region: 0 });
  assert.ok(second.statistics.loaded.region > 0);
  assert.ok(second.code.loads > 0);
  assert.equal(second.code.loaded, 0);
  const dropped = cache.modules.filter(({ module, stored }) => !module && !stored);
  assert.equal(dropped.length, second.code.loads, "what is of no use is not kept");
});

test("a machine without a key runs the WebAssembly", async () => {
  const { cache } = await (await keptFolder("none")).load();
  const machine = await TickingMachine.create({ mode: "region", compileAfter: 10, cache });
  await machine.runTo(Infinity);
  assert.equal(machine.output, output);
  assert.deepEqual(machine.machine.stats().compiled, { block: 0, region: 0 });
});

test("machine code that was damaged in its file is not run", async () => {
  const folder = await keptFolder("damaged");
  const { cache } = await folder.load();
  for (const module of cache.modules)
    module.stored = module.stored?.map((byte, index) => (index === 100 ? byte ^ 1 : byte));
  const second = await run(cache);
  assert.equal(second.output, output);
  assert.equal(second.code.loaded, 0);
});

test("a machine that goes on from a snapshot runs its machine code", async () => {
  const hot = await hotMachine();
  hot.machine.optimizeCode(LONG_MS);
  const code = new CountedCode(native);
  // So slow that the code is taken in while the program still runs.
  const host = Object.assign(new InstructionTime(1000), { native: code });
  const next = await TickingMachine.create({ ...lookingForCode(), host }, await hot.machine.snapshot());
  await next.runTo(Infinity);
  assert.ok(code.loaded > 0);
  assert.equal(code.loaded, code.loads);
});

/** A machine that has run much of the program, and whose loop is compiled just now: the program keeps dropping its code, as it writes beside it. */
async function hotMachine(): Promise<TickingMachine> {
  const host = Object.assign(new InstructionTime(), { native });
  const hot = await TickingMachine.create({ mode: "region", compileAfter: 10, host });
  for (let length = output.length / 2; length < output.length; length++) {
    await hot.runTo(length);
    if (hot.machine.parts.processor.unitsInUse().some(({ shape }) => shape === "region")) return hot;
  }
  throw new Error("The program's loop was never in use.");
}
