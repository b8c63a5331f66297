import assert from "node:assert/strict";
import { test } from "node:test";
import { parseScript } from "./parse-script.ts";

test("what a script leaves out has its default", () => {
  const script = parseScript(`conversations: [{ turns: [{ shell: ls, fault: { type: rate_limit }, delay: {} }] }]`);
  assert.match(script.final, /\nTASK_COMPLETE$/);
  assert.deepEqual(script.conversations[0]?.turns, [
    {
      calls: [{ shell: "ls" }],
      fault: { type: "rate_limit", retryAfterSeconds: 1, times: 1 },
      delay: { firstByteMs: 0, betweenChunksMs: 0 },
    },
  ]);
});

test("a turn's direct call comes before those in its list", () => {
  const source = `conversations: [{ turns: [{ read: a, calls: [{ edit: { path: a, old: b, new: c } }, { shell: d }] }] }]`;
  assert.deepEqual(parseScript(source).conversations[0]?.turns[0]?.calls, [
    { read: "a" },
    { edit: { path: "a", old: "b", new: "c" } },
    { shell: "d" },
  ]);
});

test("JSON is read as well as YAML", () => {
  const script = parseScript(JSON.stringify({ conversations: [{ match: { pattern: "^x" }, attempt: 2 }], final: "f" }));
  assert.deepEqual(script, { conversations: [{ match: { pattern: "^x" }, attempt: 2, turns: [] }], final: "f" });
});

const refused = [
  { name: "no mapping", source: "42", message: /\(top\)/ },
  { name: "no conversations", source: "final: x", message: /conversations/ },
  { name: "broken YAML", source: "a: [", message: /neither YAML nor JSON/ },
  { name: "an unknown key in a turn", source: "conversations: [{ turns: [{ txt: x }] }]", message: /turns\.0.*txt/ },
  {
    name: "a broken pattern",
    source: `conversations: [{ match: { pattern: "(" } }]`,
    message: /conversations\.0\.match/,
  },
  { name: "an unknown fault", source: "conversations: [{ turns: [{ fault: { type: fire } }] }]", message: /fault/ },
  { name: "a negative usage", source: "conversations: []\nusage: { input: -1 }", message: /usage\.input/ },
  {
    name: "an early turn without a call",
    source: "conversations: [{ turns: [{ text: a }, { text: b }] }]",
    message: /tool call in every turn/,
  },
  { name: "an alias bomb", source: bomb(), message: /neither YAML nor JSON/ },
  { name: "five million characters", source: " ".repeat(5_000_000), message: /at most/ },
];
for (const { name, source, message } of refused) {
  test(`a script with ${name} is refused, and the message says where`, () => {
    assert.throws(() => parseScript(source), { name: "DocumentError", message });
  });
}

/** Nine levels of nine aliases each: 9⁹ nodes from a few hundred characters. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const items = Array.from({ length: 9 }, () => (level === 0 ? "x" : `*a${level - 1}`));
    return `a${level}: &a${level} [${items.join(", ")}]`;
  });
  return levels.join("\n");
}
