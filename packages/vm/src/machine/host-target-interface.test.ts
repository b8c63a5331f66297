import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestMachine } from "./testing/bare-metal.ts";

/** Writes words to `tohost`, each after the one before was taken, and waits. */
function program(words: readonly string[]): string {
  const writes = words.map(
    (word, index) => `li t0, ${word}\n wait${index}: ld t2, (t1)\n bnez t2, wait${index}\n sd t0, (t1)\n`,
  );
  return `la t1, tohost\n${writes.join("")} 1: j 1b\n .data\n .balign 8\n .globl tohost\n tohost: .dword 0\n`;
}

const cases = [
  { name: "1 is a pass", words: ["1"], end: { kind: "power_off" }, printed: "" },
  { name: "other odd words are failures", words: ["(5 << 1) | 1"], end: { kind: "fail", code: 5 }, printed: "" },
  {
    name: "characters are printed, and what it does not know is passed over",
    words: ["0x0101000000000048", "0x0200000000000000", "0x0101000000000049", "1"],
    end: { kind: "power_off" },
    printed: "HI",
  },
] as const;

for (const { name, words, end, printed } of cases)
  test(`host-target interface: ${name}`, async () => {
    const options = { hostTargetInterface: true, sliceInstructions: 1000 };
    using machine = await createTestMachine(program(words), options);
    assert.deepEqual(await machine.run(), end);
    assert.equal(machine.printed(), printed);
  });
