import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { digest } from "./expected-recording.ts";
import { CLAIMS } from "./request.ts";
import { type Subject, textsOf, withoutTime } from "./subject.ts";

/** Tests what an adapter makes of its agent's output, be it whole or in pieces. */
export function testOutput(subject: Subject): void {
  const { read, hear, names, recordings, isStructured } = subject;
  void test("is tested with every recording that is there", () => {
    assert.deepEqual(names.toSorted(), Object.keys(recordings).toSorted());
  });
  for (const [name, expected] of Object.entries(recordings)) {
    void test(`reads the recording "${name}"`, async () => {
      assert.deepEqual(digest(await hear([read(name)])), expected);
    });
    void test(`reads "${name}" the same when it comes byte by byte`, async () => {
      const bytes = read(name);
      const singly = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
      assert.deepEqual(withoutTime(await hear(singly)), withoutTime(await hear([bytes])));
    });
  }
  void test("reads the same events however the output is cut", async () => {
    const bytes = read("completes");
    const whole = withoutTime(await hear([bytes]));
    const cuts = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        assert.deepEqual(withoutTime(await hear(cutAt(bytes, at))), whole);
      }),
      { numRuns: 50 },
    );
  });
  void test("makes up nothing where there is no output at all", async () => {
    const events = await hear([]);
    assert.deepEqual(events, isStructured ? [] : [{ type: "finished", ok: true }]);
  });
  if (!isStructured) return;
  void test("takes no claim from what a tool printed", async () => {
    const events = await hear([read("quotes-claim")]);
    const summaries = events.flatMap((event) => (event.type === "tool_finished" ? [event.summary] : []));
    assert.ok(
      summaries.some((summary) => CLAIMS.test(summary)),
      "the recording quotes a claim",
    );
    for (const text of textsOf(events)) assert.doesNotMatch(text, CLAIMS);
  });
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts.toSorted((left, right) => left - right), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}
