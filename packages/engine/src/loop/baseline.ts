/** What the gates say of the base commit, before any work (I3). */
import { type BaselineGate, type GateResult, type GateSpec, type TestResults } from "@cloister/core";
import { runGate } from "../gates/index.ts";
import { gateContext } from "./gate-context.ts";
import type { Session } from "./session.ts";

const MARKS = ["TODO", "FIXME"];

/** Runs every gate of the plan once on the untouched workspace and records what came of it. */
export async function recordBaseline(session: Session): Promise<void> {
  const { state, parts } = session;
  session.record({ type: "baseline_started", commit: state.head });
  const gates: BaselineGate[] = [];
  for (const gate of baselineGates(session)) {
    gates.push(toBaseline(session, await runGate(gate, gateContext(session))));
    if (session.stopped) return;
  }
  // Marks are counted in the commit, not in the workspace: the two do not meet.
  const [marks] = await Promise.all([
    countMarks(session, state.charter.baseCommit),
    parts.workTree.clean(parts.leftAlone),
  ]);
  session.record({ type: "baseline_recorded", gates, marks });
}

/** TODO and FIXME marks in the tracked files of a commit. */
export async function countMarks(session: Session, commit: string): Promise<{ todo: number; fixme: number }> {
  const counts = await session.parts.workTree.countWords(commit, MARKS);
  return { todo: counts.TODO ?? 0, fixme: counts.FIXME ?? 0 };
}

/** Gates for which the base commit matters: those that must pass outright have nothing to compare with. */
function baselineGates({ state }: Session): readonly GateSpec[] {
  const ofTasks = state.tasks.flatMap(({ task }) => task.gates);
  return [...state.charter.gates, ...ofTasks].filter(({ required }) => required !== true);
}

function toBaseline({ parts }: Session, { tests, ...result }: GateResult): BaselineGate {
  if (tests === undefined) return result;
  const { runner, passed, failed, skipped } = tests;
  return { ...result, tests: { runner, passed, failed, skipped, cases: parts.evidence.put(JSON.stringify(tests)) } };
}

/** The baseline of a gate with its test cases, from the evidence; undefined where it has none. */
export function loadBaseline({ state, parts }: Session, gate: string): GateResult | undefined {
  const known = state.baseline[gate];
  if (known === undefined) return undefined;
  const { tests, ...result } = known;
  if (tests === undefined) return result;
  const cases = parts.evidence.get(tests.cases);
  if (cases === undefined) throw new Error(`the evidence of gate ${gate}'s baseline is missing or was changed`);
  return { ...result, tests: JSON.parse(Buffer.from(cases).toString("utf8")) as TestResults };
}
