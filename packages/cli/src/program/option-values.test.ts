import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUsd } from "@cloister/core";
import { choice, duration, gates, integer, money, text } from "./option-values.ts";

type Parse = (given: string) => unknown;

const PARSERS = {
  count: integer("n", "", 1).parse,
  time: duration("").parse,
  money: money("").parse,
  gate: gates("").parse,
  choice: choice("x", ["md", "html"], "").parse,
  text: text("x", "").parse,
} as const satisfies Record<string, Parse | undefined>;

const ACCEPTED: readonly (readonly [kind: keyof typeof PARSERS, given: string, value: unknown])[] = [
  ["count", "1", 1],
  ["count", "0042", 42],
  ["time", "90s", 90_000],
  ["time", "1h30m", 5_400_000],
  ["time", "45", 45_000],
  ["money", "5", fromUsd(5)],
  ["money", "$0.50", fromUsd(0.5)],
  ["gate", "tests=npm test", { name: "tests", command: "npm test" }],
  ["gate", "env check = A=1 make", { name: "env check", command: "A=1 make" }],
  ["choice", "html", "html"],
  ["text", "claude --verbose", "claude --verbose"],
];

for (const [kind, given, value] of ACCEPTED)
  test(`${kind} ${JSON.stringify(given)} is taken`, () => assert.deepEqual(PARSERS[kind]?.(given), value));

const REFUSED: readonly (readonly [kind: keyof typeof PARSERS, given: string, message: RegExp])[] = [
  ["count", "0", /whole number, 1 or more/],
  ["count", "-3", /whole number/],
  ["count", "1.5", /whole number/],
  ["count", "1e9", /whole number/],
  ["count", "", /whole number/],
  ["count", "99999999999999999999", /whole number/],
  ["time", "0s", /above zero/],
  ["time", "soon", /such as 90s/],
  ["time", "-5m", /above zero/],
  ["money", "0", /above zero/],
  ["money", "free", /US dollars/],
  ["money", "-1", /US dollars/],
  ["money", "Infinity", /US dollars/],
  ["gate", "npm test", /name=command/],
  ["gate", "=npm test", /name=command/],
  ["gate", "tests=", /name=command/],
  ["gate", "bad\u001Bname=true", /name=command/],
  ["choice", "pdf", /one of md, html/],
  ["text", "  ", /some text/],
];

for (const [kind, given, message] of REFUSED)
  test(`${kind} ${JSON.stringify(given)} is refused`, () => {
    assert.throws(() => PARSERS[kind]?.(given), { code: "commander.invalidArgument", message });
  });
