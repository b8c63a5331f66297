/**
 * Cloister's own look at a change: the gates, against the baseline, and the findings on the change itself. What it records is
 * evidence; `core/run/verdict.ts` decides what follows from it.
 */
import {
  compareGateTests,
  gatesOf,
  judgeGate,
  taskState,
  type GateResult,
  type GateSpec,
  type JudgedGate,
} from "@cloister/core";
import { inspectChange, rerunForFlakes, runGate, runWitness } from "../gates/index.ts";
import { loadBaseline } from "./baseline.ts";
import { raiseFinding } from "./findings.ts";
import { gateContext } from "./gate-context.ts";
import { openChange } from "./open-change.ts";
import type { Session } from "./session.ts";
import { withOverlay } from "./overlay.ts";

/** Runs what has not run yet of the open iteration's checks, and records each result as it comes. */
export async function checkChange(session: Session): Promise<void> {
  const task = session.openTask;
  if (task === undefined) return;
  const gates = gatesOf(session.state, task);
  await inspect(session, gates);
  const results: GateResult[] = [];
  for (const gate of gates) {
    const result = await checkGate(session, gate);
    if (session.stopped) return;
    if (result !== undefined) results.push(result);
  }
  await session.parts.workTree.clean(session.parts.leftAlone);
  await witness(session, gates, results);
}

async function inspect(session: Session, gates: readonly GateSpec[]): Promise<void> {
  const { open, charter } = session.state;
  const change = await openChange(session);
  if (open === undefined || change === undefined || open.gates.length > 0) return;
  const findings = await inspectChange(change, { gates, protect: charter.protect, policy: charter.guards });
  for (const finding of findings) raiseFinding(session, finding);
}

/** Runs one gate; undefined where a run before a crash has judged it already. */
async function checkGate(session: Session, spec: GateSpec): Promise<GateResult | undefined> {
  const { open } = session.state;
  if (open === undefined || open.gates.some(({ gate }) => gate === spec.name)) return undefined;
  session.record({ type: "gate_started", iteration: open.iteration, gate: spec.name });
  const context = gateContext(session);
  const first = await runGate(spec, context);
  if (session.stopped) return undefined;
  const baseline = loadBaseline(session, spec.name);
  const { result, findings } = await rerunForFlakes({ gate: spec, result: first, baseline, context });
  if (session.stopped) return undefined;
  const judged: JudgedGate = judgeGate({ spec, result, baseline });
  session.record({ type: "gate_judged", iteration: open.iteration, judged });
  for (const finding of [...findings, ...compareGateTests(baseline, result)]) raiseFinding(session, finding);
  return result;
}

/** Do the new tests fail without the change? Asked only where the gates are green and the work is claimed: it runs them again. */
async function witness(session: Session, gates: readonly GateSpec[], results: readonly GateResult[]): Promise<void> {
  const { open, charter } = session.state;
  const change = await openChange(session);
  if (open?.agent?.claimed !== true || change === undefined || charter.guards.tests_not_witnessed === "off") return;
  if (
    results.length < gates.length ||
    open.gates.some(({ outcome }) => outcome === "failed" || outcome === "inconclusive")
  )
    return;
  const base = taskState(session.state, open.task).baseCommit ?? open.head;
  const findings = await runWitness({
    gates: gates.flatMap((spec) => {
      const now = results.find(({ gate }) => gate === spec.name);
      return now === undefined ? [] : [{ spec, now, baseline: loadBaseline(session, spec.name) }];
    }),
    files: change.files,
    withOverlay: (files, run) => withOverlay(session, { base, files }, run),
    atBase: (run) => withOverlay(session, { base, files: [] }, run),
    context: gateContext(session),
  });
  if (!session.stopped) for (const finding of findings) raiseFinding(session, finding);
}
