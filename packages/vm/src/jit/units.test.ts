import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CodeCache } from "../cache/code-cache.ts";
import { HANDLER, RECORD } from "../interpreter/records.ts";
import { MODE, type Mode, RAM_BASE, UNITS } from "../memory/layout.ts";
import { BareCore } from "../processor/testing/bare-core.ts";
import { compileBatch } from "./compile-batch.ts";
import type { CompileRequest, UnitCompiler } from "./request.ts";

const MOST_UNITS = 10;
const ADDI_T0_T0_1 = 0x00128293;
const RETURN = 0x00008067;

/** Has units compiled at places of a page, and says at which of them one is entered. */
function compilePage(core: BareCore, units: ReturnType<BareCore["createUnits"]>, page: number): readonly number[] {
  const start = RAM_BASE + page * 4096;
  core.pages.open(start / 4096, MODE.machine);
  const addresses = Array.from({ length: 8 }, (_, index) => start + index * 64);
  for (const address of addresses) {
    core.write(address, [ADDI_T0_T0_1, RETURN]);
    units.request({ address, mode: MODE.machine, shape: "block" });
    units.compileWaiting();
  }
  return addresses.flatMap((address) => {
    const record = core.pages.recordOf(address, MODE.machine);
    if (record === undefined) return [];
    const isEntered = core.view.getUint16(record + RECORD.handler, true) === HANDLER.enterUnit;
    return isEntered ? [core.view.getInt32(record + RECORD.immediate, true)] : [];
  });
}

test("units never take more records than there are: all are forgotten then, and the next ones find room again", () => {
  const core = new BareCore();
  const units = core.createUnits({ mostUnits: MOST_UNITS });
  core.onForget = (offset) => void units.forget(offset);
  const records = [0, 1, 2, 3, 4].flatMap((page) => compilePage(core, units, page));
  assert.ok(records.length > MOST_UNITS, `expected more units than fit at one time, got ${records.length}`);
  const end = UNITS.offset + MOST_UNITS * UNITS.recordBytes;
  assert.ok(records.every((record) => record > UNITS.offset && record < end));
});

test("a page that is forgotten for one mode keeps the units that are entered in another", () => {
  const core = new BareCore();
  const units = core.createUnits();
  core.onForget = (offset) => void units.forget(offset);
  const address = RAM_BASE;
  core.write(address, [ADDI_T0_T0_1, RETURN]);
  const enter = (mode: Mode): number => {
    core.pages.open(address / 4096, mode);
    units.request({ address, mode, shape: "block" });
    units.compileWaiting();
    const record = core.pages.recordOf(address, mode) ?? 0;
    return core.view.getInt32(core.view.getInt32(record + RECORD.immediate, true), true);
  };
  const kept = enter(MODE.supervisorUser);
  enter(MODE.supervisor);
  const forgotten = core.pages.open(address / 4096, MODE.supervisor);
  units.forget(forgotten);
  core.write(address + 4096, [ADDI_T0_T0_1, RETURN]);
  core.pages.open(address / 4096 + 1, MODE.machine);
  units.request({ address: address + 4096, mode: MODE.machine, shape: "block" });
  units.compileWaiting();
  const record = core.pages.recordOf(address + 4096, MODE.machine) ?? 0;
  const next = core.view.getInt32(core.view.getInt32(record + RECORD.immediate, true), true);
  assert.notEqual(next, kept, "expected the index of a unit that is still entered not to be lent again");
});

test("a place that the cache does not know is compiled when it is four times as hot, and no sooner after its page was decoded anew", () => {
  const core = new BareCore();
  const units = core.createUnits({ blockThreshold: 50 });
  core.onForget = (offset) => void units.forget(offset);
  const address = RAM_BASE;
  core.write(address, [ADDI_T0_T0_1, RETURN]);
  const arrive = (): number => {
    const record = core.pages.open(address / 4096, MODE.machine);
    units.arrived(record, MODE.machine);
    units.compileWaiting();
    return core.view.getUint16(record + RECORD.counter, true);
  };
  assert.equal(arrive(), 200, "it counts until it is hot");
  core.pages.drop(address / 4096);
  assert.equal(arrive(), 200, "it counts anew");
  assert.equal(units.compiled.block, 0);
  arrive();
  assert.equal(units.compiled.block, 1);
});

test("no threshold is more than a record counts", () => {
  const core = new BareCore();
  const units = core.createUnits({ blockThreshold: 40_000 });
  core.write(RAM_BASE, [ADDI_T0_T0_1, RETURN]);
  const record = core.pages.open(RAM_BASE / 4096, MODE.machine);
  units.arrived(record, MODE.machine);
  assert.equal(core.view.getUint16(record + RECORD.counter, true), 65_535);
});

const BLOCK: CompileRequest = { address: RAM_BASE, mode: MODE.machine, shape: "block" };

/** A core whose first page is decoded, and has code. */
function coreWithCode(): BareCore {
  const core = new BareCore();
  core.write(RAM_BASE, [ADDI_T0_T0_1, RETURN]);
  core.pages.open(RAM_BASE / 4096, MODE.machine);
  return core;
}

/** Offset of the record of the unit that is entered at an address. */
function unitRecord(core: BareCore, address: number = RAM_BASE): number {
  const record = core.pages.recordOf(address, MODE.machine) ?? 0;
  assert.equal(core.view.getUint16(record + RECORD.handler, true), HANDLER.enterUnit);
  return core.view.getInt32(record + RECORD.immediate, true);
}

/** What an earlier run has compiled: a block, entered at the start of RAM. */
function cacheWithBlock(): CodeCache {
  const units = coreWithCode().createUnits();
  units.request(BLOCK);
  units.compileWaiting();
  const cache = new CodeCache();
  for (const unit of units.inUse()) assert.ok(cache.add(unit));
  return cache;
}

const thresholds: readonly { readonly title: string; readonly cache: () => CodeCache; readonly expected: number }[] = [
  { title: "as often as is asked for, where it was compiled now", cache: () => new CodeCache(), expected: 4000 },
  { title: "four times as often, where the cache has it as a block alone", cache: cacheWithBlock, expected: 16_000 },
];

for (const { title, cache, expected } of thresholds)
  test(`a block is entered before it becomes a region ${title}`, () => {
    const core = coreWithCode();
    const units = core.createUnits({ cache: cache(), shapes: ["region", "block"], regionThreshold: 4000 });
    units.arrived(core.pages.recordOf(RAM_BASE, MODE.machine) ?? 0, MODE.machine);
    units.compileWaiting();
    const counter = unitRecord(core) + UNITS.counter;
    assert.equal(core.view.getInt32(counter, true), expected);
    core.view.setInt32(counter, expected - 7, true);
    assert.deepEqual(
      units.inUse().map(({ uses }) => uses),
      [7],
      "it says how often it was entered",
    );
  });

test("a block that is hot while the cache is being loaded is not compiled, but looked for again later", async () => {
  const core = coreWithCode();
  const loading = Promise.withResolvers<undefined>();
  const compiler: UnitCompiler = {
    compile: async (requests) => compileBatch(core.memory, requests),
    load: () => loading.promise,
    close: () => undefined,
  };
  const units = core.createUnits({ cache: cacheWithBlock(), compiler, regionThreshold: 4000 });
  assert.ok(units.isCompiling);
  units.request(BLOCK);
  units.compileWaiting();
  await nextTurn();
  const record = unitRecord(core);
  units.hot(record);
  assert.equal(core.view.getInt32(record + UNITS.counter, true), 400);
  loading.resolve(undefined);
  await nextTurn();
  assert.ok(!units.isCompiling);
  units.hot(record);
  units.compileWaiting();
  await nextTurn();
  assert.deepEqual(units.compiled, { block: 1, region: 1 });
});

test("of the blocks that wait to become regions, the one that is entered most comes first", () => {
  const core = new BareCore();
  core.pages.open(RAM_BASE / 4096, MODE.machine);
  const asked: CompileRequest[][] = [];
  const compiler: UnitCompiler = {
    compile: (requests) => {
      asked.push([...requests]);
      return Promise.resolve(compileBatch(core.memory, requests));
    },
    close: () => undefined,
  };
  const blocks = core.createUnits({ regionThreshold: 4000 });
  const addresses = [0, 64, 128].map((distance) => RAM_BASE + distance);
  for (const address of addresses) {
    core.write(address, [ADDI_T0_T0_1, RETURN]);
    blocks.request({ ...BLOCK, address });
  }
  blocks.compileWaiting();
  const units = core.createUnits({ regionThreshold: 4000, cache: blocks.caches()[0] ?? new CodeCache(), compiler });
  addresses.forEach((address, index) => {
    units.arrived(core.pages.recordOf(address, MODE.machine) ?? 0, MODE.machine);
    const record = unitRecord(core, address);
    units.hot(record);
    core.view.setInt32(record + UNITS.counter, [-5, -900, 0][index] ?? 0, true);
  });
  units.compileWaiting();
  assert.deepEqual(
    asked.map((batch) => batch.map(({ address }) => addresses.indexOf(address))),
    [[1, 0, 2]],
  );
});

test("a few blocks wait for others to be compiled with, for some slices; many do not wait", () => {
  const core = new BareCore();
  core.pages.open(RAM_BASE / 4096, MODE.machine);
  const units = core.createUnits({ patience: 3 });
  const request = (index: number): void => {
    core.write(RAM_BASE + index * 8, [ADDI_T0_T0_1, RETURN]);
    units.request({ ...BLOCK, address: RAM_BASE + index * 8 });
  };
  const compiledAfterSlice = (): number => {
    units.compileWaiting();
    return units.compiled.block;
  };
  request(0);
  assert.deepEqual([0, 1, 2].map(compiledAfterSlice), [0, 0, 0]);
  request(1);
  assert.equal(compiledAfterSlice(), 2);
  for (let index = 2; index < 34; index++) request(index);
  assert.equal(compiledAfterSlice(), 34);
  request(34);
  assert.deepEqual([0, 1, 2, 3].map(compiledAfterSlice), [34, 34, 34, 35], "it waits anew");
});

test("the functions in use are told hottest first: regions, then blocks by how often they were entered", () => {
  const core = new BareCore();
  core.pages.open(RAM_BASE / 4096, MODE.machine);
  const units = core.createUnits({ regionThreshold: 4000 });
  const addresses = [0, 64, 128].map((distance) => RAM_BASE + distance);
  for (const [index, address] of addresses.entries()) {
    core.write(address, [ADDI_T0_T0_1, RETURN]);
    units.request({ ...BLOCK, address, shape: index === 2 ? "region" : "block" });
  }
  units.compileWaiting();
  units.compileWaiting();
  core.view.setInt32(unitRecord(core, addresses[1]) + UNITS.counter, 10, true);
  const functions = addresses.map((address) => core.functionOf(unitRecord(core, address)));
  assert.deepEqual(
    units.functionsInUse().map((each) => functions.indexOf(each)),
    [2, 1, 0],
  );
});

test("a hot region is compiled anew with the next page and small functions, and once more only where that made it larger", () => {
  const core = new BareCore();
  const [CALL, JUMP_BACK] = [0x010000ef, 0xff9ff06f]; // jal ra, 16; j -8
  core.write(RAM_BASE + 4088, [CALL, ADDI_T0_T0_1, JUMP_BACK, RETURN, ADDI_T0_T0_1, RETURN]);
  const pages = [0, 1].map((page) => core.pages.open(RAM_BASE / 4096 + page, MODE.machine));
  let isNextKnown = false;
  const units = core.createUnits({
    shapes: ["region"],
    growthThreshold: 100,
    pageAfter: (_mode, page) => (isNextKnown && page === pages[0] ? pages[1] : undefined),
  });
  const address = RAM_BASE + 4088;
  units.request({ address, mode: MODE.machine, shape: "region" });
  units.compileWaiting();
  const record = unitRecord(core, address);
  const counter = (): number => core.view.getInt32(record + UNITS.counter, true);
  const nextPage = (): number => core.view.getInt32(record + UNITS.nextPage, true);
  const grow = (): readonly number[] => {
    units.hot(record);
    units.compileWaiting();
    assert.equal(unitRecord(core, address), record, "it keeps its place");
    return units.inUse().map(({ instructions }) => instructions);
  };
  assert.deepEqual([counter(), nextPage()], [100, 0]);
  assert.deepEqual(grow(), [2], "the next page, where the function is, is not known");
  assert.deepEqual([counter(), nextPage()], [0, 0], "it has not grown, and does not ask again");
  isNextKnown = true;
  assert.deepEqual(grow(), [5]);
  assert.deepEqual([counter(), nextPage()], [100, pages[1]]);
  assert.deepEqual(grow(), [5]);
  assert.deepEqual([counter(), nextPage()], [0, pages[1]]);
  assert.equal(units.compiled.region, 4);
});
