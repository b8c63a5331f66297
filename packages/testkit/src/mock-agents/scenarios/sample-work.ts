import type { StepSource } from "../scenario-schema.ts";

const WRITE_SUBTRACT = `grep -q subtract src/math.mjs || cat >> src/math.mjs <<'END'

export function subtract(left, right) {
  return left - right;
}
END`;

const WRITE_TEST = `cat > test/subtract.test.mjs <<'END'
import assert from "node:assert/strict";
import { test } from "node:test";
import { subtract } from "../src/math.mjs";

test("subtracts two numbers", () => {
  assert.equal(subtract(7, 3), 4);
});
END`;

/** A shell step. */
export function shell(command: string): StepSource {
  return { type: "shell", command };
}

/** What two model calls and a tool cost. */
export const SPEND: StepSource = {
  type: "usage",
  tokens: { input: 2450, cacheRead: 900, cacheWrite: 900, output: 84 },
  costUsd: 0.01616,
};

/** The sample project's task, done as it should be: the function and its test. Done twice, it changes nothing. */
export const DO_THE_TASK: readonly StepSource[] = [
  { type: "message", text: "I add subtract and its test." },
  shell(WRITE_SUBTRACT),
  shell(WRITE_TEST),
  SPEND,
];

/** The claim, by the line that the prompt asks for. */
export const CLAIM: StepSource = { type: "claim" };
