import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { quoteForShell, splitCommandLine } from "./command-line.ts";

const CASES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ["", []],
  ["  ", []],
  ["agent", ["agent"]],
  [" agent  --flag\tvalue ", ["agent", "--flag", "value"]],
  [`"/opt/my agent/run" 'two words'`, ["/opt/my agent/run", "two words"]],
  [
    String.raw`a\ b "say \"hi\"" 'back\slash' "keep\n"`,
    ["a b", 'say "hi"', String.raw`back\slash`, String.raw`keep\n`],
  ],
  [`--name="a b"c''`, ["--name=a bc"]],
  [`'' ""`, ["", ""]],
  ["$HOME *.ts | cat", ["$HOME", "*.ts", "|", "cat"]],
  [`it's`, ["it's"]],
  [`"open end`, [`"open`, "end"]],
];

describe("splitCommandLine", () => {
  for (const [line, words] of CASES) {
    test(`splits ${JSON.stringify(line)} into ${words.length}`, () => {
      assert.deepEqual(splitCommandLine(line), words);
    });
  }

  test("gives back what was quoted for a shell", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), (words) => {
        assert.deepEqual(splitCommandLine(words.map(quoteForShell).join(" ")), words);
      }),
    );
  });
});

test("quoteForShell makes one word of a real shell", () => {
  for (const text of ["it's", "a b", "$(id)", "`id`", '"', "\\", "a\nb", "*"]) {
    assert.equal(execFileSync("/bin/sh", ["-c", `printf %s ${quoteForShell(text)}`], { encoding: "utf8" }), text);
  }
});
