import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import type { RecordedExchange } from "./exchange.ts";
import { until } from "../../process/testing/until.ts";
import { createPendingBudget } from "./pending-budget.ts";
import { cassettePath, createRecorder, type RecorderOptions } from "./recorder.ts";
import { createRecording } from "./recording.ts";
import { joinChunks } from "./redact-exchange.ts";
import { createTemporaryFolder, readAll, sampleRequest, type SampleRequest } from "./testing/samples.ts";

const MEBIBYTE = 1024 * 1024;

type Answer = {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly chunks: readonly Uint8Array[];
  readonly ended?: boolean;
};

/** Records one exchange in a folder of its own, and reads it back. */
async function recordOne(
  request: SampleRequest,
  { status = 200, headers = {}, chunks, ended = true }: Answer,
  options: Partial<RecorderOptions> = {},
): Promise<{ exchange: RecordedExchange | undefined; problems: string[] }> {
  using folder = createTemporaryFolder();
  const problems: string[] = [];
  const onProblem = (line: string): void => void problems.push(line);
  const recorder = createRecorder({ folder: folder.path, redact: (text) => text, onProblem, ...options });
  const handle = recorder.begin(sampleRequest(request));
  handle.head(status, headers);
  for (const chunk of chunks) handle.chunk(chunk);
  handle.end(ended);
  await recorder.close();
  const [path] = readdirSync(folder.path);
  const [exchange] = path === undefined ? [] : await readAll(join(folder.path, path));
  return { exchange, problems };
}

suite("a recorder", () => {
  test("keeps any bytes, and where one chunk ends and the next begins", async () => {
    const chunks = fc.array(fc.oneof(fc.uint8Array({ minLength: 1 }), utf8Chunk()), { maxLength: 8 });
    const property = fc.asyncProperty(fc.uint8Array(), chunks, fc.boolean(), async (body, chunks, ended) => {
      const { exchange } = await recordOne({ body: Buffer.from(body) }, { chunks, ended });
      assert.deepEqual(Buffer.from(exchange?.requestBody ?? []), Buffer.from(body));
      assert.deepEqual(
        exchange?.chunks.map(({ bytes }) => Buffer.from(bytes)),
        chunks.map((chunk) => Buffer.from(chunk)),
      );
      assert.equal(exchange?.ended, ended);
      assert.equal(exchange?.cut, false);
    });
    await fc.assert(property, { numRuns: 60, interruptAfterTimeLimit: 20_000 });
  });

  test("keeps what was asked, what came and when", async () => {
    const before = Date.now();
    const request = { id: "r-1", path: "/v1/messages?beta=true", body: '{"model":"m","stream":true}' };
    const { exchange } = await recordOne(request, { status: 529, chunks: [Buffer.from("{}")] });
    assert.partialDeepStrictEqual(exchange, {
      id: "r-1",
      method: "POST",
      path: "/v1/messages?beta=true",
      wire: "anthropic",
      model: "m",
      status: 529,
      requestBody: Buffer.from(request.body),
    });
    const time = exchange?.time ?? 0;
    assert.ok(time >= before - 1 && time <= Date.now() + 1, `${time} is between the test's beginning and its end`);
    assert.ok((exchange?.chunks[0]?.at ?? -1) >= 0);
  });

  test("keeps a cassette for each iteration, readable by its owner alone, and appends to one that is there", async () => {
    using folder = createTemporaryFolder();
    for (const id of ["first", "second"]) {
      const recorder = createRecorder({ folder: folder.path, redact: (text) => text, onProblem: assert.fail });
      for (const iteration of [0, 7]) recorder.begin(sampleRequest({ id, iteration })).end(true);
      await recorder.close();
    }
    assert.deepEqual(readdirSync(folder.path).sort(), ["iteration-0000.cassette", "iteration-0007.cassette"]);
    const path = cassettePath(folder.path, 7);
    assert.deepEqual(
      (await readAll(path)).map(({ id }) => id),
      ["first", "second"],
    );
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test("writes what is under way when it is closed, as not ended, and nothing afterwards", async () => {
    using folder = createTemporaryFolder();
    const recorder = createRecorder({ folder: folder.path, redact: (text) => text, onProblem: assert.fail });
    const handle = recorder.begin(sampleRequest());
    handle.head(200, {});
    handle.chunk(Buffer.from("half"));
    await recorder.close();
    handle.chunk(Buffer.from("late"));
    handle.end(true);
    recorder.begin(sampleRequest()).end(true);
    await recorder.close();
    const [exchange, ...others] = await readAll(cassettePath(folder.path, 7));
    assert.deepEqual(others, []);
    assert.equal(exchange?.ended, false);
    assert.equal(joinChunks(exchange?.chunks ?? []).toString(), "half");
  });

  test("drops exchanges for which there is no room, says so once, and goes on when there is", async () => {
    using folder = createTemporaryFolder();
    const problems: string[] = [];
    const onProblem = (line: string): void => void problems.push(line);
    const options = { folder: folder.path, redact: (text: string) => text, onProblem, maxPendingBytes: 1000 };
    const recorder = createRecorder(options);
    recorder.begin(sampleRequest({ id: "long question", body: Buffer.alloc(1001) })).end(true);
    const long = recorder.begin(sampleRequest({ id: "long answer" }));
    for (let count = 0; count < 10; count += 1) long.chunk(Buffer.alloc(100));
    long.end(true);
    const short = recorder.begin(sampleRequest({ id: "short" }));
    short.chunk(Buffer.alloc(100));
    short.end(true);
    await recorder.close();
    assert.deepEqual(
      (await readAll(cassettePath(folder.path, 7))).map(({ id }) => id),
      ["short"],
    );
    assert.deepEqual(problems, ["Transcripts are dropped: too many bytes wait to be written."]);
  });

  test("gives the room of an exchange back once it is written", async () => {
    using folder = createTemporaryFolder();
    const options = { folder: folder.path, redact: (text: string) => text, onProblem: assert.fail };
    // Room for two: an exchange that is on disk gives its own back a moment later, before the next one is written.
    const recorder = createRecorder({ ...options, maxPendingBytes: 2000 });
    const path = cassettePath(folder.path, 7);
    for (let round = 1; round <= 5; round += 1) {
      const size = sizeOf(path);
      recorder.begin(sampleRequest({ body: Buffer.alloc(1000) })).end(true);
      await until(`exchange ${round} is written`, () => sizeOf(path) > size);
    }
    await recorder.close();
    assert.equal((await readAll(path)).length, 5);
  });

  test("cuts an exchange above 64 MiB, and says so in it", () => {
    const ended: RecordedExchange[] = [];
    const budget = createPendingBudget(100 * MEBIBYTE);
    const owner = { budget, done: (exchange: RecordedExchange) => void ended.push(exchange), dropped: assert.fail };
    const recording = createRecording(sampleRequest(), owner);
    const chunk = Buffer.alloc(MEBIBYTE);
    for (let count = 0; count < 70; count += 1) recording.chunk(chunk);
    recording.end(true);
    assert.equal(ended[0]?.cut, true);
    assert.equal(ended[0]?.chunks.length, 63);
    assert.ok(budget.take(36 * MEBIBYTE), "what was left out takes no room");
  });

  test("says once that it cannot write, and lets the request go on", async () => {
    using folder = createTemporaryFolder();
    const file = join(folder.path, "not-a-folder");
    writeFileSync(file, "");
    const problems: string[] = [];
    const onProblem = (line: string): void => void problems.push(line);
    const recorder = createRecorder({ folder: file, redact: (text) => text, onProblem });
    for (let count = 0; count < 3; count += 1) recorder.begin(sampleRequest()).end(true);
    await recorder.close();
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^Transcripts can't be written: E/);
  });

  test("writes nothing where redacting fails", async () => {
    const redact = (): string => {
      throw new Error("broken");
    };
    const { exchange, problems } = await recordOne({}, { chunks: [Buffer.from("secret")] }, { redact });
    assert.equal(exchange, undefined);
    assert.deepEqual(problems, ["Transcripts can't be written: broken"]);
  });

  test("unpacks packed answers, so that they can be searched for secrets", async () => {
    const packed = gzipSync("data: hello\n\n");
    const answer = { headers: { "content-encoding": "gzip" }, chunks: [packed.subarray(0, 9), packed.subarray(9)] };
    const { exchange } = await recordOne({}, answer, { redact: (text) => text.replace("hello", "<redacted>") });
    assert.equal(joinChunks(exchange?.chunks ?? []).toString(), "data: <redacted>\n\n");
    assert.deepEqual(exchange?.responseHeaders, {});
  });

  test("leaves out what it can't unpack, and says so", async () => {
    const answer = { headers: { "content-encoding": "secret-cipher" }, chunks: [Buffer.from("?")] };
    const { exchange, problems } = await recordOne({}, answer);
    assert.deepEqual([exchange?.chunks, exchange?.cut], [[], true]);
    assert.match(problems.join("\n"), /^A transcript is cut/);
  });

  test("redacts behind the data path: nothing of it is done before the answer's end has returned", async () => {
    using folder = createTemporaryFolder();
    let calls = 0;
    const redact = (text: string): string => {
      calls += 1;
      return text;
    };
    const recorder = createRecorder({ folder: folder.path, redact, onProblem: assert.fail });
    const handle = recorder.begin(sampleRequest());
    handle.chunk(Buffer.from("a"));
    handle.end(true);
    assert.equal(calls, 0);
    await recorder.close();
    assert.ok(calls > 0);
  });
});

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function utf8Chunk(): fc.Arbitrary<Uint8Array> {
  return fc.string({ unit: "binary", minLength: 1 }).map((text) => Buffer.from(text, "utf8"));
}
