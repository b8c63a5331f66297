import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecordingTerminal } from "../testing/recording-terminal.ts";
import { LiveBlock } from "./live-block.ts";

const CLEAR = "\u001B[J";

/** What a terminal shows after `output`: only the sequences that the block uses are understood. */
function shownBy(output: string): string[] {
  let lines = [""];
  for (const part of output.split(/(\p{Cc}\[\??\d*[A-Zhl]|\n|\r)/u)) {
    const up = /^\p{Cc}\[(\d+)A$/u.exec(part);
    if (up !== null) lines = lines.slice(0, Math.max(1, lines.length - Number(up[1])));
    else if (part === CLEAR) lines[lines.length - 1] = "";
    else if (part === "\n") lines.push("");
    else if (!part.startsWith("\u001B") && part !== "\r") lines[lines.length - 1] += part;
  }
  return lines;
}

test("the block is redrawn in place, and lines above it stay in their order", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const terminal = createRecordingTerminal();
  let lines = ["first", "second"];
  const block = new LiveBlock(terminal, () => lines);
  context.mock.timers.tick(100);
  assert.deepEqual(shownBy(terminal.output), ["first", "second", ""]);
  lines = ["only"];
  block.printAbove("news 1");
  block.printAbove("news 2");
  context.mock.timers.tick(100);
  assert.deepEqual(shownBy(terminal.output), ["news 1", "news 2", "only", ""]);
  block[Symbol.dispose]();
  assert.deepEqual(shownBy(terminal.output), ["news 1", "news 2", ""]);
});

test("many refreshes within a tenth of a second are one drawing", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const terminal = createRecordingTerminal();
  let drawings = 0;
  using block = new LiveBlock(terminal, () => [String(++drawings)]);
  for (let count = 0; count < 1000; count++) block.refresh();
  context.mock.timers.tick(99);
  assert.equal(drawings, 0);
  context.mock.timers.tick(1);
  assert.equal(drawings, 1);
});

test("a second passes on the screen though nothing happens", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  let drawings = 0;
  using _block = new LiveBlock(createRecordingTerminal(), () => [String(++drawings)]);
  for (let tenths = 0; tenths < 30; tenths++) context.mock.timers.tick(100);
  assert.equal(drawings, 3, "once at the start, then once a second");
});

test("a terminal that became narrower is cleared of the rows that its wrapped lines take", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const terminal = createRecordingTerminal();
  using _block = new LiveBlock(terminal, () => ["x".repeat(terminal.columns - 1)]);
  context.mock.timers.tick(100);
  const before = terminal.output.length;
  terminal.resize(30, 24);
  context.mock.timers.tick(100);
  assert.match(terminal.output.slice(before), /\p{Cc}\[3A/u, "79 characters take 3 rows of 30");
});

test("a block higher than the terminal is cut, so that it can be redrawn", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const terminal = createRecordingTerminal({ rows: 5 });
  using block = new LiveBlock(terminal, () => Array.from({ length: 50 }, (_, index) => String(index)));
  context.mock.timers.tick(100);
  block.refresh();
  context.mock.timers.tick(100);
  assert.deepEqual(shownBy(terminal.output), ["0", "1", "2", "3", ""]);
});

test("the cursor is hidden while the block stands, and shown again after it", () => {
  const terminal = createRecordingTerminal();
  new LiveBlock(terminal, () => ["x"])[Symbol.dispose]();
  assert.ok(terminal.output.lastIndexOf("\u001B[?25h") > terminal.output.lastIndexOf("\u001B[?25l"));
});
