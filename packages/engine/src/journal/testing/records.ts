import type { JournalRecord } from "../port.ts";

/** A record for tests: different for each `index`, the same each time. */
export function recordOf(index: number): JournalRecord {
  return {
    type: index % 3 === 0 ? "agent_said" : "gate_ended",
    time: 1_700_000_000_000 + index,
    data: {
      index,
      text: `Tests: ${index} passed, ü ✓`,
      list: [1, null, true],
      nested: { path: `src/file-${index}.ts`, lines: "x".repeat(100) },
    },
  };
}
