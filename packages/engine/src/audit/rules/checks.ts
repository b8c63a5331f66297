/** What commands and checks are said to have shown. They are never run: a gate of the journal has, or nobody that could be asked. */
import type { GateRow } from "@cloister/core";
import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import type { JournalView } from "../journal-view.ts";
import type { Rule, World } from "../rule.ts";

const GOOD = /\bpass\w*|\bsucce\w+|\bclean\b|\bgreen\b|✅|✓|\bok\b/i;
const SUBJECTS = [
  {
    words: /\bbuilds?\b|\bcompiles\b|\bcompilation (?:pass|succe|clean)\w*/i,
    gate: /build|compil|tsc|cargo (?:check|build)|go build|make\b/i,
  },
  { words: /\b(?:type ?checks?|types)\b/i, gate: /type|tsc|mypy|pyright/i },
  { words: /\blint\w*\b/i, gate: /lint|clippy|ruff/i },
] as const;
const CODE = /`([^`\n]{2,200})`/g;
const PROMPT = /^\$\s+(\S.{0,200})$/;
const PROGRAM =
  /^(?:npm|npx|pnpm|yarn|bun|node|cargo|go|make|pytest|python3?|uv|mvn|gradle|\.\/gradlew|dotnet|tsc|eslint|cmake|ctest|tox|deno)\b\s*\S/;
const ABSENT =
  /\b(?:zero|no|0)\s+(?:(?:new|compilation|quality|type|build|lint|test|known|security)\s+){0,2}(errors?|regressions?|warnings?|failures?|bugs?|vulnerabilit\w+)\b/i;
const ABSENT_LABEL = /\b(errors?|regressions?|warnings?|failures?|bugs?)\b\W{1,8}(?:zero|none|0)\b(?![.\d%])/i;

/** `npm test` passes; build status: all passing. */
export const commandRule: Rule = (line) => {
  const prompt = PROMPT.exec(line.text)?.[1];
  if (prompt !== undefined) return [{ kind: "command", text: prompt, judge: (world) => judgeCommand(prompt, world) }];
  if (line.fenced || !GOOD.test(line.text)) return [];
  const commands = [...line.text.matchAll(CODE)]
    .map(([, code = ""]) => code.trim())
    .filter((code) => PROGRAM.test(code));
  if (commands.length > 0)
    return commands.map((text) => ({ kind: "command", text, judge: (world) => judgeCommand(text, world) }));
  if (line.heading || ABSENT.test(line.text)) return []; // That there are no errors is a claim of its own.
  const subject = SUBJECTS.find(({ words }) => words.test(line.text));
  return subject === undefined
    ? []
    : [{ kind: "command", text: line.text, judge: (world) => judgeSubject(subject.gate, world) }];
};

/** Zero errors, no regressions. */
export const absenceRule: Rule = (line) => {
  if (line.fenced) return [];
  const match = ABSENT.exec(line.text) ?? ABSENT_LABEL.exec(line.text);
  const what = match?.[1]?.toLowerCase() ?? "";
  return match === null ? [] : [{ kind: "absence", text: match[0], judge: (world) => judgeAbsence(what, world) }];
};

function judgeCommand(command: string, { journal }: World): Judgement {
  const gates = journal?.report.gates.filter((gate) => gate.command.trim() === command.trim()) ?? [];
  return judgeGates(gates, journal, "no gate of the journal runs this command");
}

function judgeSubject(pattern: RegExp, { journal }: World): Judgement {
  const gates = journal?.report.gates.filter(({ gate, command }) => pattern.test(gate) || pattern.test(command)) ?? [];
  return judgeGates(gates, journal, "no gate of the journal checks it");
}

function judgeAbsence(what: string, world: World): Judgement {
  if (/^(?:regression|failure)/.test(what)) {
    const gates = world.journal?.report.gates.filter(({ after }) => after !== undefined) ?? [];
    return judgeGates(gates, world.journal, "no gate of the journal would have seen one");
  }
  if (what.startsWith("error")) return judgeSubject(/build|compil|type|tsc|check|lint/i, world);
  return withoutEvidence("nothing that Cloister ran counts them");
}

function judgeGates(gates: readonly GateRow[], journal: JournalView | undefined, otherwise: string): Judgement {
  const judged = gates.flatMap(({ gate, after }) => (after === undefined ? [] : [{ gate, after }]));
  if (journal === undefined || judged.length === 0)
    return withoutEvidence(
      journal === undefined ? "there is no journal, and nothing that a report names is run" : otherwise,
    );
  const evidence = journal.cite(...judged.map(({ after }) => after.evidence));
  const why = judged
    .map(({ gate, after }) => `gate ${gate} last: ${after.value.outcome.replaceAll("_", " ")}`)
    .join(", ");
  const outcomes = judged.map(({ after }) => after.value.outcome);
  if (outcomes.includes("failed")) return contradicted(why, evidence);
  return outcomes.every((outcome) => outcome === "passed") ? supported(why, evidence) : withoutEvidence(why, evidence);
}
