import { deepEqual, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { array, assert, asyncProperty, constantFrom, integer, nat, oneof, pre, record, tuple } from "fast-check";
import { WEB_CODECS } from "../browser/block-codecs.ts";
import { VmError } from "../error.ts";
import { NODE_CODECS } from "../node/block-codecs.ts";
import type { BlockCodec } from "./codec.ts";
import { BLOCK_BYTES, HEADER, joinBytes, type Section } from "./format.ts";
import { captureState, type RestoredState } from "./machine-state.ts";
import { readSnapshot } from "./read-snapshot.ts";
import { toSnapshotFile } from "./snapshot-file.ts";
import { encodeState } from "./state-encoding.ts";
import { TickingMachine } from "./testing/ticking-machine.ts";
import { writeContainer } from "./write-container.ts";
import { codeSection, packState, writeSnapshot } from "./write-snapshot.ts";

const CODE = Uint8Array.from({ length: 1000 }, (_, index) => index);
const runner = await TickingMachine.create();
await runner.runTo(9);
const state = captureState(runner.machine.parts);
const ID = new Uint8Array(16).fill(7);
const pack = (compress: boolean): readonly Section[] => [...packState(state, { id: ID, compress }), codeSection(CODE)];
const sections = pack(true);

const read = (file: Uint8Array, codecs = NODE_CODECS): Promise<RestoredState> =>
  readSnapshot([toSnapshotFile(file)], codecs);

/** The memory of a state, also what is read only when a machine looks there. */
function memoryOf({ pages, source }: RestoredState): Uint8Array {
  const bytes = joinBytes(pages.map((run) => run.bytes));
  const found = new Map<number, Uint8Array>();
  for (const { first, count } of source?.runs ?? [])
    for (let page = first; page < first + count; page++)
      if (!found.has(page)) source?.supply(page, (other, content) => found.set(other, content));
  return joinBytes([bytes, ...[...found].sort(([one], [other]) => one - other).map(([, content]) => content)]);
}

/** A sound file, one section of which has another content. */
function withSection(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  const changed = sections.map((section) => (section.name === name ? { ...section, bytes } : section));
  return writeContainer(changed, undefined);
}

/** What may happen to a file. The header and the directory are small: damage anywhere would seldom hit them. */
const DAMAGE = oneof(
  record({ kind: constantFrom("flip", "flipEarly"), at: nat(), bits: integer({ min: 1, max: 255 }) }),
  record({ kind: constantFrom("cut", "extend", "move"), at: nat(), bits: nat() }),
);

function damage(file: Uint8Array, { kind, at, bits }: { kind: string; at: number; bits: number }): Uint8Array {
  const copy = Uint8Array.from(file);
  const place = at % (kind === "flipEarly" ? 600 : file.length);
  if (kind === "cut") return copy.subarray(0, place);
  if (kind === "extend") return joinBytes([copy, new Uint8Array(1 + (bits % 1000))]);
  if (kind === "move") return copy.copyWithin(place, bits % file.length, (bits % file.length) + 5000);
  copy[place] = (copy[place] ?? 0) ^ bits;
  return copy;
}

for (const compress of [true, false])
  test(`any damage to a ${compress ? "compressed" : "plain"} file is found, in memory at the latest where a machine looks`, async () => {
    const file = await writeSnapshot(pack(compress), { codecs: NODE_CODECS }, compress);
    const readAll = async (bytes: Uint8Array): Promise<void> => {
      const found = await read(bytes);
      memoryOf(found);
      await found.readCode?.();
    };
    await assert(
      asyncProperty(DAMAGE, async (what) => {
        const damaged = damage(file, what);
        pre(Buffer.compare(damaged, file) !== 0);
        await rejects(readAll(damaged), { code: "snapshot_invalid" });
      }),
      { numRuns: 300 },
    );
  });

test("files of other versions are refused, with both versions and a remedy", async () => {
  const file = await writeSnapshot(sections, { codecs: NODE_CODECS }, true);
  new DataView(file.buffer).setUint32(HEADER.version, 1, true);
  await rejects(read(file), {
    code: "snapshot_invalid",
    message: /has format 1, and this engine reads format 2: .*new snapshot/,
  });
  await rejects(read(Buffer.from("hello")), { code: "snapshot_invalid", message: /is none/ });
});

test("sound files that make no sense are refused, with what is wrong about them", async () => {
  const runs = (...numbers: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);
  const machine = { id: ID, memoryBytes: 2 ** 24, supervisorCalls: false, time: 0 };
  const cases: readonly (readonly [RegExp, string, Uint8Array])[] = [
    [/pages outside of memory/, "pages", runs(4095, 2)],
    [/pages outside of memory/, "pages", runs(0, 0)],
    [/pages outside of memory/, "pages", runs(5, 2, 6, 1)],
    [/pages outside of memory/, "pages", runs(0xffff_ffff, 0xffff_ffff)],
    [/half an entry/, "pages", new Uint8Array(12)],
    [/bytes for 4096 of memory/, "pages", runs(0, 1)],
    [/"memoryBytes" is not a whole number/, "machine", encodeState({ ...machine, memoryBytes: 2 ** 40 })],
    [/size of memory/, "machine", encodeState({ ...machine, memoryBytes: 2 ** 24 + 1 })],
    [/a time that can't be/, "machine", encodeState({ ...machine, time: NaN })],
    [/"supervisorCalls"/, "machine", encodeState({ id: ID, memoryBytes: 2 ** 24, time: 0 })],
    [/"id" is not 16 bytes/, "machine", encodeState({ ...machine, id: new Uint8Array(15) })],
    [/is a delta/, "machine", encodeState({ ...machine, base: ID })],
    [/"drives"/, "drives", encodeState({})],
    [/cut off/, "hart", new Uint8Array(0)],
  ];
  for (const [message, name, bytes] of cases)
    await rejects(read(await withSection(name, bytes)), { code: "snapshot_invalid", message }, String(message));
  const without = sections.filter(({ name }) => name !== "hart");
  await rejects(read(await writeContainer(without, undefined)), { message: /no section "hart"/ });
  await rejects(read(await writeContainer([...sections, ...without], undefined)), { message: /two sections named/ });
});

test("a block expands to what it should have, and to no byte more", async () => {
  const lying = (length: number): BlockCodec[] =>
    [...NODE_CODECS, ...WEB_CODECS].map((codec) => ({
      ...codec,
      compress: () => codec.compress(new Uint8Array(length)),
    }));
  for (const length of [1, BLOCK_BYTES + 1, 2 ** 24])
    for (const codec of lying(length)) {
      const bomb: Section = { name: "memory", bytes: new Uint8Array(BLOCK_BYTES), blockBytes: BLOCK_BYTES };
      const file = await writeContainer(
        [...sections.filter(({ name }) => name !== "memory" && name !== "pages"), bomb].concat({
          name: "pages",
          bytes: new Uint8Array(Uint32Array.of(0, BLOCK_BYTES / 4096).buffer),
          blockBytes: BLOCK_BYTES,
        }),
        codec,
      );
      await rejects(read(file), { code: "snapshot_invalid", message: /can't expand|wrong length/ });
    }
});

test("what a codec of another host made is refused by name", async () => {
  const file = await writeSnapshot(sections, { codecs: NODE_CODECS }, true);
  await rejects(read(file, WEB_CODECS), { message: /compressed with "zstd": this host has none, deflate-raw/ });
});

test("what browsers write, Node reads, and the other way round", async () => {
  const deflate = NODE_CODECS.filter(({ name }) => name === "deflate-raw");
  for (const [write, reader] of [
    [WEB_CODECS, NODE_CODECS],
    [deflate, WEB_CODECS],
  ] as const) {
    const file = await writeSnapshot(sections, { codecs: write }, true);
    deepEqual(memoryOf(await read(file, reader)), joinBytes(state.pages.map(({ bytes }) => bytes)));
  }
});

test("a machine takes a state with right checksums and wrong content, or refuses it, and never fails otherwise", async () => {
  const names = ["hart", "devices", "machine", "drives"];
  const victim = await TickingMachine.create();
  const change = tuple(constantFrom(...names), array(tuple(nat(), nat(255)), { minLength: 1, maxLength: 4 }));
  await assert(
    asyncProperty(change, async ([name, bytes]) => {
      const content = Uint8Array.from(sections.find((section) => section.name === name)?.bytes ?? []);
      for (const [at, byte] of bytes) content[at % content.length] = byte;
      try {
        await victim.machine.restore(await withSection(name, content));
        await victim.machine.snapshot();
      } catch (error) {
        ok(error instanceof VmError && error.code === "snapshot_invalid", `${name}: ${String(error)}`);
      }
    }),
    { numRuns: 500 },
  );
});
