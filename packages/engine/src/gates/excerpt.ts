import { stripVTControlCharacters } from "node:util";
import type { TestResults } from "@cloister/core";
import { excerpt, failingTests } from "@cloister/core";

/** The length of {@link GateResult.excerpt}, in characters. */
export const MAX_EXCERPT = 4000;
/** How much of the end is shown besides the failures: totals and the runner's last word stand there. */
const TAIL_CHARACTERS = 1200;
const LINES_BEFORE = 1;
const LINES_AFTER = 12;
const MAX_LINE = 500;

/** What marks a line as the start of a failure, in the runners and compilers that are known. */
const FAILURE =
  /\b(FAIL|FAILED|ERROR|Error:|error:|error\[|error TS\d|AssertionError|Traceback|panicked at|undefined:|not ok|failures?:)|^\s*[✖✕×●]|^\s*E {3}|^\s*\d+\) |--- FAIL/;

/** The part of a gate's output that matters to whoever must mend it: the failures with what follows them, and the end. */
export function excerptOutput(output: string): string {
  const plain = stripVTControlCharacters(output).trim();
  if (plain.length <= MAX_EXCERPT) return plain;
  const end = excerpt(plain.slice(-TAIL_CHARACTERS), TAIL_CHARACTERS);
  const failures = collectFailures(plain.slice(0, -TAIL_CHARACTERS), MAX_EXCERPT - TAIL_CHARACTERS - 10);
  return failures === "" ? plain.slice(-MAX_EXCERPT) : `${failures}\n…\n${end}`;
}

/** What may be said of a held-out gate: which tests failed, and nothing of their text, which the agent must not see. */
export function excerptHeldOut(tests: TestResults | undefined, exitCode: number | null): string {
  if (tests === undefined) return `The held-out check ended with exit status ${exitCode ?? "unknown"}.`;
  const names = failingTests(tests).map((name) => `\n- ${name}`);
  const summary = `Held-out tests: ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped.`;
  return excerpt(summary + names.join(""), MAX_EXCERPT);
}

function collectFailures(text: string, limit: number): string {
  const lines = text.split("\n").map((line) => line.slice(0, MAX_LINE));
  const kept: string[] = [];
  let [length, next] = [0, 0];
  for (let index = 0; index < lines.length && length < limit; index += 1) {
    if (!FAILURE.test(lines[index] ?? "")) continue;
    const block = lines.slice(Math.max(next, index - LINES_BEFORE), index + LINES_AFTER);
    next = index + LINES_AFTER;
    index = next - 1;
    kept.push(block.join("\n"));
    length += block.join("\n").length + 3;
  }
  return kept.join("\n…\n").slice(0, limit);
}
