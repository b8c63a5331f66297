import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { createScrubber, type Needle, scrubText } from "./scrub.ts";

const needle = (find: string, put: string): Needle => ({ find: Buffer.from(find), put: Buffer.from(put) });

describe("scrubbing", () => {
  const CASES: readonly [name: string, text: string, needles: readonly Needle[], clean: string][] = [
    ["replaces each occurrence", "a secret, a secret", [needle("secret", "S")], "a S, a S"],
    [
      "takes the longest of those that begin at one place",
      "abcd abc",
      [needle("abc", "1"), needle("abcd", "2")],
      "2 1",
    ],
    ["takes the first of those that overlap", "abcde", [needle("bcd", "1"), needle("cde", "2")], "a1e"],
    ["does not look into what it has put", "aa", [needle("a", "aa")], "aaaa"],
    ["leaves a beginning that is not gone on with", "secre", [needle("secret", "S")], "secre"],
    ["leaves everything without needles", "secret", [], "secret"],
  ];
  for (const [name, text, needles, clean] of CASES) {
    it(`${name}, in one piece or byte by byte`, async () => {
      assert.equal(scrubText(text, needles), clean);
      assert.equal(await scrubPieces(text.split(""), needles), clean);
    });
  }

  it("comes to the same however the text is cut", async () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 6 });
    const needles = fc.array(fc.record({ find: word, put: fc.constantFrom("", "-", "ab") }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 8 }), needles, async (pieces, pairs) => {
        const all = pairs.map(({ find, put }) => needle(find, put));
        assert.equal(await scrubPieces(pieces, all), scrubText(pieces.join(""), all));
      }),
    );
  });

  it("lets through at once what can't become a needle", async () => {
    const scrubber = createScrubber([needle("secret", "S")]);
    scrubber.write("data: hello\n\nse");
    assert.equal(String(scrubber.read()), "data: hello\n\n");
  });
});

async function scrubPieces(pieces: readonly string[], needles: readonly Needle[]): Promise<string> {
  const chunks = await Readable.from(pieces.map((piece) => Buffer.from(piece)))
    .pipe(createScrubber(needles))
    .toArray();
  return Buffer.concat(chunks as Buffer[]).toString();
}
