import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { CloisterError } from "@cloister/core";
import { cassetteFromExchanges } from "./cassette-from-exchanges.ts";
import { MAX_RECORD_BYTES } from "./exchange.ts";
import { MARKER_BYTES, MARKER_START, packMember, parseMarker } from "./member.ts";
import { findCassettes } from "./read-cassette.ts";
import { toRecord } from "./record.ts";
import { createTemporaryFolder, readAll, sampleExchange } from "./testing/samples.ts";

const IDS = ["first", "second", "third"];

/** A small cassette's members, one for each id. */
function packSamples(): Promise<Buffer[]> {
  return Promise.all(IDS.map((id) => packMember(toRecord(sampleExchange({ id })))));
}

type Read = { readonly ids: readonly string[]; readonly problems: readonly string[] };

/** What is read of a file with these bytes. */
async function readBytes(bytes: Uint8Array): Promise<Read> {
  using folder = createTemporaryFolder();
  const path = join(folder.path, "a.cassette");
  writeFileSync(path, bytes);
  const problems: string[] = [];
  const exchanges = await readAll(path, { onProblem: (line) => void problems.push(line.replace(path, "FILE")) });
  return { ids: exchanges.map(({ id }) => id), problems };
}

/** A member around any bytes, with a marker that fits. */
function member(frame: Buffer): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(frame.length, 0);
  numbers.writeUInt32LE(crc32(frame), 4);
  return Buffer.concat([MARKER_START, numbers, frame]);
}

function isUsageError(pattern: RegExp): (error: unknown) => boolean {
  return (error) => CloisterError.isInstance(error) && error.code === "usage_invalid" && pattern.test(error.message);
}

suite("reading a cassette", () => {
  test("gives back every exchange as it was written", async () => {
    using folder = createTemporaryFolder();
    const path = join(folder.path, "a.cassette");
    const exchanges = [sampleExchange(), sampleExchange({ status: 0, chunks: [], ended: false, cut: true })];
    await cassetteFromExchanges(path, exchanges);
    assert.deepEqual(await readAll(path), exchanges);
    await assert.rejects(cassetteFromExchanges(path, exchanges), { code: "EEXIST" });
  });

  test("ends at the last whole exchange, wherever the file was cut", async () => {
    const members = await packSamples();
    const whole = Buffer.concat(members);
    const ends = members.map((_, index) => Buffer.concat(members.slice(0, index + 1)).length);
    for (let length = 0; length <= whole.length; length += 1) {
      const { ids, problems } = await readBytes(whole.subarray(0, length));
      assert.deepEqual(ids, IDS.slice(0, ends.filter((end) => end <= length).length), `cut at byte ${length}`);
      assert.deepEqual(problems, [], `cut at byte ${length}`);
    }
  });

  test("passes over an exchange that was torn, and goes on with those appended behind it, wherever it was torn", async () => {
    const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = await packSamples();
    for (let length = 1; length < second.length; length += 1) {
      const { ids, problems } = await readBytes(Buffer.concat([first, second.subarray(0, length), third]));
      assert.deepEqual(ids, ["first", "third"], `torn at byte ${length}`);
      assert.deepEqual(problems, [`FILE: no exchange can be read at byte ${first.length}.`], `torn at byte ${length}`);
    }
  });

  test("never takes a changed byte for an exchange", async () => {
    const members = await packSamples();
    const start = members[0]?.length ?? 0;
    const end = start + (members[1]?.length ?? 0);
    for (let place = start; place < end; place += 1) {
      const bytes = Buffer.concat(members);
      bytes[place] = (bytes[place] ?? 0) ^ 0x41;
      assert.deepEqual((await readBytes(bytes)).ids, ["first", "third"], `byte ${place} changed`);
    }
  });

  const hostile: readonly { readonly what: string; readonly frame: () => Buffer }[] = [
    {
      what: "unpacks to more than a record may hold",
      frame: () => zstdCompressSync(Buffer.alloc(MAX_RECORD_BYTES + 1)),
    },
    { what: "is no zstd", frame: () => Buffer.from("hello") },
    { what: "is empty", frame: () => Buffer.alloc(0) },
    { what: "is no JSON", frame: () => zstdCompressSync("{") },
    { what: "is no exchange", frame: () => zstdCompressSync('{"version":1,"id":7}') },
    { what: "is nested deeply", frame: () => zstdCompressSync("[".repeat(1_000_000)) },
    { what: "has a status that HTTP has not", frame: () => packed({ status: 99 }) },
    { what: "has a method that HTTP has not", frame: () => packed({ method: "GET / HTTP/1.1\r\n" }) },
  ];
  for (const { what, frame } of hostile) {
    test(`passes over a member that ${what}`, async () => {
      const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = await packSamples();
      const { ids, problems } = await readBytes(Buffer.concat([first, member(frame()), second]));
      assert.deepEqual(ids, ["first", "second"]);
      assert.deepEqual(problems, [`FILE: no exchange can be read at byte ${first.length}.`]);
    });
  }

  const refused: readonly { readonly what: string; readonly bytes: () => Buffer; readonly says: RegExp }[] = [
    { what: "another kind of file", bytes: () => Buffer.from("SQLite format 3\0"), says: /found something else/ },
    {
      what: "a cassette of a later version",
      bytes: () => member(zstdCompressSync('{"version":2}')),
      says: /version 2/,
    },
    { what: "a flood of markers", bytes: () => Buffer.alloc(1_000_000, MARKER_START), says: /more than 100 damaged/ },
  ];
  for (const { what, bytes, says } of refused) {
    test(`refuses ${what}`, () => assert.rejects(readBytes(bytes()), isUsageError(says)));
  }

  test("finds a marker that lies across two of the pieces in which a file is searched", async () => {
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = await packSamples();
    for (let shift = 0; shift <= MARKER_START.length; shift += 1) {
      const rubbish = Buffer.alloc(64 * 1024 - shift, "x");
      assert.deepEqual((await readBytes(Buffer.concat([first, rubbish, second]))).ids, ["first", "second"]);
    }
  });

  test("needs no more than zstd and JSON", async () => {
    using folder = createTemporaryFolder();
    const path = join(folder.path, "a.cassette");
    await cassetteFromExchanges(path, [sampleExchange({ id: "mine" })]);
    const bytes = readFileSync(path);
    assert.equal(parseMarker(bytes)?.length, bytes.length - MARKER_BYTES);
    const record: unknown = JSON.parse(zstdDecompressSync(bytes.subarray(MARKER_BYTES)).toString());
    assert.partialDeepStrictEqual(record, {
      version: 1,
      id: "mine",
      chunks: [{ at: 5, bytes: { text: '{"content":[]}' } }],
    });
  });

  test("finds a folder's cassettes in the order of their iterations", async () => {
    using folder = createTemporaryFolder();
    const names = ["iteration-0002.cassette", "iteration-0010.cassette", "iteration-10000.cassette"];
    for (const name of [...names.toReversed(), "notes.txt"]) writeFileSync(join(folder.path, name), "");
    assert.deepEqual(
      await findCassettes(folder.path),
      names.map((name) => join(folder.path, name)),
    );
  });
});

function packed(change: object): Buffer {
  return zstdCompressSync(JSON.stringify({ ...(JSON.parse(toRecord(sampleExchange())) as object), ...change }));
}
