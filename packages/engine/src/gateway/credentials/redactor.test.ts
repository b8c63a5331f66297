import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Redactor } from "./redactor.ts";

const SECRET = 'a-secret/of "many" parts';

const CASES: readonly [name: string, text: string, expected: string][] = [
  ["as it is", `key ${SECRET}.`, "key [credential anthropic-1]."],
  ["as JSON writes it", JSON.stringify({ key: SECRET }), '{"key":"[credential anthropic-1]"}'],
  ["as URLs write it", `?key=${encodeURIComponent(SECRET)}`, "?key=[credential anthropic-1]"],
  ["not at all", "a text without it", "a text without it"],
];

describe("a redactor takes a secret out of a text that holds it", () => {
  for (const [name, text, expected] of CASES) {
    it(name, () => {
      const redactor = new Redactor();
      redactor.add("anthropic-1", SECRET);
      assert.equal(redactor.redact(text), expected);
    });
  }

  it("and leaves a text whole where the secret is a placeholder of a few letters", () => {
    const redactor = new Redactor();
    redactor.add("anthropic-1", "x");
    assert.equal(redactor.redact("exactly"), "exactly");
  });

  it("and forgets it when it is told to", () => {
    const redactor = new Redactor();
    redactor.add("anthropic-1", SECRET);
    redactor.clear();
    assert.equal(redactor.redact(SECRET), SECRET);
  });
});
