import assert from "node:assert/strict";
import { mock, test } from "node:test";
import * as fc from "fast-check";
import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import { KEY_FORMATS, MIN_ENTROPY, nameKeyIn } from "./key-formats.ts";
import { isRandom } from "./randomness.ts";
import { createSignReader } from "./secret-signs.ts";
import { isUsed, nameOf } from "./secretlint-rules.ts";

type Rule = (typeof rules)[number];

/** The patterns that a rule looks for in a text. */
function patternsOf(rule: Rule): readonly RegExp[] {
  const ignore = (): void => undefined;
  const context = { sharedOptions: {}, createTranslator: () => ignore, report: ignore, ignore };
  const handler = rule.create(context as unknown as Parameters<Rule["create"]>[0], {});
  const source = { content: "text", filePath: "request.txt", ext: ".txt", contentType: "text" };
  const exec = mock.method(RegExp.prototype, "exec");
  try {
    void handler.file?.(source as unknown as Parameters<NonNullable<typeof handler.file>>[0]);
    return exec.mock.calls.map((call) => call.this as RegExp);
  } finally {
    exec.mock.restore();
  }
}

/** Texts that match a pattern; in any case where that makes no difference to it. */
function matchesOf(pattern: RegExp): fc.Arbitrary<string> {
  // Of what may not stand around a match there is nothing around these.
  const plain = pattern.source.replaceAll(/\(\?<?!(?:\\p\{L\}|\[[^\]]*\]|\\w)\)|\\b/g, "");
  const isMatch = new RegExp(pattern.source, pattern.flags.replaceAll(/[dg]/g, ""));
  const matches = fc.stringMatching(new RegExp(plain)).filter((text) => isMatch.test(text));
  if (!pattern.ignoreCase) return matches;
  return fc
    .tuple(matches, fc.infiniteStream(fc.boolean()))
    .map(([text, isUpper]) =>
      Array.from(text, (letter) => (isUpper.next().value === true ? letter.toUpperCase() : letter.toLowerCase())).join(
        "",
      ),
    )
    .filter((text) => isMatch.test(text));
}

for (const rule of rules.filter(isUsed)) {
  test(`the sign of ${nameOf(rule)} is in all that its patterns match, and not in other texts`, () => {
    const readSigns = createSignReader([nameOf(rule)]);
    const patterns = patternsOf(rule);
    assert.ok(patterns.length > 0);
    assert.deepEqual(readSigns("an ordinary text: const key = `a-${b_c.d}`; // https://host/path?a=b"), []);
    for (const pattern of patterns)
      fc.assert(
        fc.property(matchesOf(pattern), (text) => assert.deepEqual(readSigns(text), [0], String(pattern))),
        { numRuns: 200 },
      );
  });
}

test("a rule without a sign looks at every text", () => {
  const readSigns = createSignReader(["github", "a-rule-of-tomorrow"]);
  assert.deepEqual(readSigns("nothing"), [1]);
  assert.deepEqual(readSigns("ghp_"), [0, 1]);
});

for (const [, name, pattern] of KEY_FORMATS) {
  test(`the sign of all keys is in each that ${pattern.source} matches`, () => {
    const keys = matchesOf(pattern).filter((text) =>
      [...text.matchAll(pattern)].some(({ groups }) => isRandom(groups?.["value"] ?? "", MIN_ENTROPY)),
    );
    fc.assert(
      fc.property(keys, (text) => assert.notEqual(nameKeyIn(text), undefined, name)),
      { numRuns: 200 },
    );
  });
}
