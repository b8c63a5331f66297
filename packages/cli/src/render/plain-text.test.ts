import assert from "node:assert/strict";
import { test } from "node:test";
import { cutToWidth, displayWidth, padToWidth, toPlainText, toSingleLine } from "./plain-text.ts";

const HARMLESS: readonly (readonly [name: string, hostile: string, harmless: string])[] = [
  ["colours", "\u001B[31mred\u001B[0m", "red"],
  ["cursor movement and erasure", "a\u001B[2J\u001B[1;1Hb", "ab"],
  ["a window title", "\u001B]0;owned\u0007x", "x"],
  ["a hyperlink", "\u001B]8;;http://evil.example\u001B\\click\u001B]8;;\u001B\\", "click"],
  ["an escape character cut off from its sequence", "a\u001B", "a"],
  ["carriage returns that overwrite a line", "good\rbad", "goodbad"],
  ["backspaces", "abc\b\b\bxyz", "abcxyz"],
  ["8-bit controls", "a\u009B31mb", "ab"],
  ["marks that reorder text", "a\u202Ecod\u202C\u2066b\u2069", "acodb"],
  ["lone surrogates", "a\uD800b", "a\uFFFDb"],
  ["null characters", "a\0b", "ab"],
  ["line ends of Windows", "a\r\nb", "a\nb"],
];

for (const [name, hostile, harmless] of HARMLESS)
  test(`plain text has no ${name}`, () => assert.equal(toPlainText(hostile), harmless));

test("a single line has one space for white space of every kind", () => {
  assert.equal(toSingleLine("  a\n\n\tb\u00A0c  "), "a b c");
});

test("a single line of a huge text is made in bounded time", () => {
  assert.ok(toSingleLine("x".repeat(50_000_000)).length <= 20_000);
});

const WIDTHS: readonly (readonly [text: string, columns: number])[] = [
  ["", 0],
  ["plain", 5],
  ["café", 4],
  ["e\u0301", 1],
  ["日本", 4],
  ["✓ ok", 4],
  ["👩‍👩‍👧", 2],
  ["\u001B[31mred\u001B[0m", 3],
];

for (const [text, columns] of WIDTHS)
  test(`${JSON.stringify(text)} takes ${columns} columns`, () => assert.equal(displayWidth(text), columns));

const CUTS: readonly (readonly [text: string, columns: number, cut: string])[] = [
  ["short", 10, "short"],
  ["exactly", 7, "exactly"],
  ["too long", 5, "too…"],
  ["日本語", 5, "日本…"],
  ["日本語", 4, "日…"],
  ["anything", 1, "…"],
  ["anything", 0, ""],
];

for (const [text, columns, cut] of CUTS)
  test(`${JSON.stringify(text)} cut to ${columns} columns is ${JSON.stringify(cut)}`, () => {
    assert.equal(cutToWidth(text, columns), cut);
    assert.ok(displayWidth(cut) <= columns);
  });

test("padding counts columns, not characters", () => {
  assert.equal(padToWidth("日", 4), "日  ");
  assert.equal(padToWidth("7", 3, "left"), "  7");
  assert.equal(padToWidth("wider", 2), "wider");
});
