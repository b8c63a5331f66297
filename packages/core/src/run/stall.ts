import type { LoopPolicy } from "./policy.ts";
import type { OpenIteration, StallState } from "./state.ts";

/** The state of a task that has not been worked on. */
export const NO_STALL: StallState = { unchanged: 0, sameFailure: 0, failureSignature: "", trees: {} };

/** What an iteration adds to the signs of standing still. Failed and interrupted iterations say nothing about progress. */
export function followStall(stall: StallState, open: OpenIteration): StallState {
  const verdict = open.verdict?.type;
  if (verdict === undefined || verdict === "failed" || verdict === "interrupted" || open.change === undefined)
    return stall;
  const signature = failureSignature(open);
  const { unchanged, tree } = open.change;
  return {
    unchanged: unchanged && open.phase === "implement" ? stall.unchanged + 1 : 0,
    sameFailure: signature !== "" && signature === stall.failureSignature ? stall.sameFailure + 1 : 1,
    failureSignature: signature,
    trees: unchanged ? stall.trees : { ...stall.trees, [tree]: (stall.trees[tree] ?? 0) + 1 },
  };
}

/** Why a task counts as stalled, as a sentence; undefined where it moves. */
export function describeStall(stall: StallState, policy: LoopPolicy["stall"]): string | undefined {
  if (stall.unchanged >= policy.unchanged) return `${stall.unchanged} iterations in a row changed nothing`;
  if (stall.failureSignature !== "" && stall.sameFailure >= policy.sameFailure)
    return `${stall.sameFailure} iterations in a row failed the same way: ${stall.failureSignature}`;
  const repeats = Math.max(0, ...Object.values(stall.trees));
  return repeats >= policy.sameDiff ? `the same change was made ${repeats} times` : undefined;
}

/** What is wrong after an iteration, in one line that is the same when the same is wrong again. */
function failureSignature({ verdict, gates }: OpenIteration): string {
  const reasons = verdict?.type === "rejected" ? verdict.because.map(({ type }) => type) : [];
  const red = gates
    .filter(({ outcome }) => outcome === "failed" || outcome === "inconclusive")
    .map(({ gate, newFailures, inconclusive }) => `${gate}(${inconclusive ?? newFailures.slice(0, 20).join(", ")})`);
  return [...new Set([...reasons, ...red])].sort().join("; ");
}
