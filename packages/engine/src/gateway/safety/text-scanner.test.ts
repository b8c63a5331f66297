import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScopedDetector } from "./detectors.ts";
import type { RequestText } from "./request-texts.ts";
import { createTextScanner, type TextScanner } from "./text-scanner.ts";

function textOf(text: string, isFromTool = false): RequestText {
  return { text, place: "message 1", isFromTool };
}

/**
 * A scanner that finds each `X`, and the lengths of the pieces that it was given.
 * @param msPerPiece what looking through one takes.
 */
function createCountingScanner(msPerPiece = 0): {
  readonly scanner: TextScanner;
  readonly pieces: number[];
  readonly loads: number[];
} {
  const [pieces, loads]: [number[], number[]] = [[], []];
  let time = 0;
  const detector: ScopedDetector = {
    kind: "secret",
    isForTools: false,
    isForWholes: false,
    detect: (text) => {
      pieces.push(text.length);
      time += msPerPiece;
      return [...text.matchAll(/X/g)].map(({ index }) => ({ rule: "x", start: index, end: index + 1 }));
    },
  };
  const load = (): Promise<readonly ScopedDetector[]> => {
    loads.push(1);
    return Promise.resolve([detector]);
  };
  const scanner = createTextScanner(load, () => time);
  return { scanner, pieces, loads };
}

test("detectors are loaded with the first text, and once", async () => {
  const { scanner, loads } = createCountingScanner();
  await scanner.scan([]);
  assert.equal(loads.length, 0);
  await Promise.all([scanner.scan([textOf("a")]), scanner.scan([textOf("b")])]);
  assert.equal(loads.length, 1);
});

test("a long text that was seen is not looked through again, and what it held is still known", async () => {
  const { scanner, pieces } = createCountingScanner();
  const [clean, long] = ["clean ".repeat(30), `${"word ".repeat(40)}X`];
  const history = [textOf(clean), textOf(long)];
  const first = await scanner.scan(history);
  const next = await scanner.scan([...history, textOf("new")]);
  assert.deepEqual(next, first);
  const finding = { kind: "secret", rule: "x", start: 200, end: 201 };
  assert.deepEqual(next.found, [{ ...textOf(long), findings: [finding] }]);
  assert.deepEqual(pieces, [180, 201, 3]);
});

test("a short text is looked through each time, with the same result", async () => {
  const { scanner, pieces } = createCountingScanner();
  const first = await scanner.scan([textOf("an X")]);
  assert.deepEqual(await scanner.scan([textOf("an X")]), first);
  assert.equal(first.found.length, 1);
  assert.deepEqual(pieces, [4, 4]);
});

test("a text of a tool is another than the same text of a user", async () => {
  const { scanner, pieces } = createCountingScanner();
  const same = "same ".repeat(40);
  await scanner.scan([textOf(same), textOf(same, true), textOf(same)]);
  assert.deepEqual(pieces, [200, 200]);
});

test("texts beyond what one request may bring are left out, and looked at with the next one", async () => {
  const { scanner } = createCountingScanner();
  const texts = ["a", "b", "c"].map((letter) => textOf(`${letter.repeat(7_000_000)}X`));
  const first = await scanner.scan(texts);
  assert.deepEqual([first.isWhole, first.found.length], [false, 2]);
  const next = await scanner.scan(texts);
  assert.deepEqual([next.isWhole, next.found.length], [true, 3]);
});

test("a text of nothing but findings is given up after some thousands", async () => {
  const { scanner } = createCountingScanner();
  const { isWhole, found } = await scanner.scan([textOf("X".repeat(1_000_000))]);
  assert.equal(isWhole, false);
  assert.ok((found[0]?.findings.length ?? 0) < 40_000);
});

const LONG = ["a", "b", "c", "d"].map((letter) => textOf(letter.repeat(1000)));

test("others get their turn between texts, and within a long one", async () => {
  for (const texts of [LONG, [textOf("a".repeat(60_000))]]) {
    const { scanner, pieces } = createCountingScanner(10);
    await scanner.scan([textOf("loads the detectors")]);
    const before = pieces.length;
    const seen: number[] = [];
    setImmediate(() => seen.push(pieces.length - before));
    await scanner.scan(texts);
    assert.deepEqual(seen, [1]);
    assert.ok(pieces.length - before > 3);
  }
});

test("texts beyond the time that one request may take are left out, and looked at with the next one", async () => {
  const { scanner, pieces } = createCountingScanner(900);
  assert.equal((await scanner.scan(LONG)).isWhole, false);
  assert.equal(pieces.length, 3);
  assert.equal((await scanner.scan(LONG)).isWhole, true);
  assert.equal(pieces.length, 4);
});

test("a text that takes too long by itself is given up, and not begun again", async () => {
  const { scanner, pieces } = createCountingScanner(900);
  for (let times = 0; times < 2; times += 1) {
    assert.equal((await scanner.scan([textOf("a".repeat(200_000))])).isWhole, false);
    assert.equal(pieces.length, 3);
  }
});
