import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { gzipSync, zstdDecompressSync } from "node:zlib";
import * as fc from "fast-check";
import { MARKER_BYTES } from "./member.ts";
import { cassettePath, createRecorder } from "./recorder.ts";
import { joinChunks, redactExchange } from "./redact-exchange.ts";
import {
  createTemporaryFolder,
  readAll,
  sampleExchange,
  sampleRequest,
  type SampleRequest,
} from "./testing/samples.ts";

const SECRET = "sk-ant-api03-0123456789abcdef";
const redact = (text: string): string => text.replaceAll(SECRET, "<redacted>");

type Case = {
  readonly where: string;
  readonly request?: SampleRequest;
  readonly headers?: Record<string, string>;
  readonly chunks?: readonly Buffer[];
};

const CREDENTIAL_HEADERS = [
  "authorization",
  "x-api-key",
  "x-goog-api-key",
  "cookie",
  "proxy-authorization",
  "x-new-key",
];

const CASES: readonly Case[] = [
  ...CREDENTIAL_HEADERS.map((name) => ({
    where: `the header ${name}`,
    request: { headers: { [name]: `Bearer ${SECRET}` } },
  })),
  { where: "a header that is kept", request: { headers: { "User-Agent": SECRET, accept: SECRET } } },
  { where: "a cookie of the answer", headers: { "set-cookie": SECRET, "x-request-id": SECRET } },
  { where: "the path", request: { path: `/v1/messages?key=${SECRET}&note=${SECRET}` } },
  { where: "the model's name", request: { body: JSON.stringify({ model: SECRET }) } },
  { where: "the request's body", request: { body: JSON.stringify({ messages: [{ content: `key: ${SECRET}` }] }) } },
  { where: "a body that is no text", request: { body: Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(SECRET)]) } },
  { where: "a packed body", request: { body: gzipSync(SECRET), headers: { "content-encoding": "gzip" } } },
  { where: "a chunk", chunks: [Buffer.from("data: "), Buffer.from(SECRET), Buffer.from("\n\n")] },
  { where: "two chunks together", chunks: [Buffer.from(`data: ${SECRET.slice(0, 9)}`), Buffer.from(SECRET.slice(9))] },
  { where: "chunks of one byte each", chunks: [...Buffer.from(SECRET)].map((byte) => Buffer.from([byte])) },
  { where: "a chunk that is no text", chunks: [Buffer.from([0xc3]), Buffer.from(SECRET), Buffer.from([0xfe])] },
];

/** Every form in which bytes of a cassette could hold the secret. */
function formsOf(secret: string): readonly string[] {
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from("x".repeat(shift) + secret)
      .toString("base64")
      .slice(4, -4),
  );
  return [secret, ...base64];
}

suite("a cassette holds no secret that stood in", () => {
  for (const { where, request = {}, headers = {}, chunks = [] } of CASES) {
    test(where, async () => {
      using folder = createTemporaryFolder();
      const recorder = createRecorder({ folder: folder.path, redact, onProblem: assert.fail });
      const handle = recorder.begin(sampleRequest({ body: '{"model":"m"}', ...request }));
      handle.head(200, headers);
      for (const chunk of chunks) handle.chunk(chunk);
      handle.end(true);
      await recorder.close();
      const record = zstdDecompressSync(readFileSync(cassettePath(folder.path, 7)).subarray(MARKER_BYTES)).toString(
        "latin1",
      );
      for (const form of formsOf(SECRET)) assert.equal(record.includes(form), false, record);
      const [exchange] = await readAll(cassettePath(folder.path, 7));
      const answer = joinChunks(exchange?.chunks ?? []).toString("latin1");
      assert.equal(answer.includes(SECRET), false, answer);
      assert.equal(exchange?.cut, false);
    });
  }

  test("chunks cut anywhere: together they are what the whole answer is redacted to", async () => {
    const pieces = fc.array(fc.constantFrom(SECRET, SECRET.slice(0, 9), "data: ", "ä€😀"), { maxLength: 6 });
    const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 6 });
    const property = fc.asyncProperty(pieces, cuts, async (pieces, cuts) => {
      const whole = Buffer.from(pieces.join(""));
      const places = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
      const chunks = places.slice(1).map((end, index) => ({ at: index, bytes: whole.subarray(places[index], end) }));
      const redacted = await redactExchange(sampleExchange({ chunks }), redact);
      assert.equal(joinChunks(redacted.chunks).toString(), redact(whole.toString()));
    });
    await fc.assert(property, { numRuns: 200 });
  });

  test("bytes that are no text, and changes none of the others", async () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0x00]), Buffer.from(SECRET), Buffer.from([0xc3, 0x80, 0xfe])]);
    const { requestBody } = await redactExchange(sampleExchange({ requestBody: bytes }), redact);
    assert.equal(Buffer.from(requestBody).toString("hex"), `ff00${Buffer.from("<redacted>").toString("hex")}c380fe`);
  });

  test("a chunk, and keeps the pieces around it and their times", async () => {
    using folder = createTemporaryFolder();
    const recorder = createRecorder({ folder: folder.path, redact, onProblem: assert.fail });
    const handle = recorder.begin(sampleRequest());
    handle.head(200, { "content-type": "text/event-stream", "anthropic-ratelimit-requests-remaining": "7" });
    for (const text of ["data: a\n\n", `data: ${SECRET}\n\n`, "data: b\n\n"]) handle.chunk(Buffer.from(text));
    handle.end(true);
    await recorder.close();
    const [exchange] = await readAll(cassettePath(folder.path, 7));
    const texts = exchange?.chunks.map(({ bytes }) => Buffer.from(bytes).toString());
    assert.deepEqual(texts, ["data: a\n\n", "data: <redacted>\n\n", "data: b\n\n"]);
    assert.deepEqual(exchange?.responseHeaders, {
      "content-type": "text/event-stream",
      "anthropic-ratelimit-requests-remaining": "7",
    });
  });
});
