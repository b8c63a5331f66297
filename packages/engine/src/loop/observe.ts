/**
 * Looks at what an iteration left in the workspace, and puts right what is not the agent's to change: the run's branch and the
 * plan's file.
 */
import { taskState, type ObservedChange } from "@cloister/core";
import type { TreeDiff, TreeStatus } from "../vcs/index.ts";
import { raiseFinding } from "./findings.ts";
import type { Session } from "./session.ts";

const MOST_FILES = 500;
const EMPTY: TreeDiff = { stat: { files: 0, insertions: 0, deletions: 0 }, files: [] };

/** Concludes `change_observed` for the open iteration; where that is there already, makes the workspace equal to it. */
export async function observeChange(session: Session): Promise<void> {
  const { open, charter } = session.state;
  const { workTree } = session.parts;
  if (open === undefined) return;
  if (open.change !== undefined) {
    await workTree.reset(open.checkpoint?.commit ?? open.change.tree);
    return workTree.clean(session.parts.leftAlone);
  }
  if (session.parts.planFile.restore() && open.agent !== undefined)
    raiseFinding(session, {
      name: "plan_changed",
      message: "the plan's file was edited; the edit was undone",
      file: charter.planFile,
    });
  const status = await workTree.status();
  const head = await restoreBranch(session, status);
  if (open.phase !== "implement") return discard(session);
  session.conclude({
    type: "change_observed",
    iteration: open.iteration,
    change: await measure(session, status, head),
  });
}

/** @param head commit that the branch stands at now; `status` was taken before it was put back. */
async function measure(session: Session, status: TreeStatus, head: string): Promise<ObservedChange> {
  const { state, parts } = session;
  const { workTree } = parts;
  const leave = new Set(parts.leftAlone);
  const touched = status.entries.filter(({ path }) => !leave.has(path));
  const committed = status.head !== state.open?.head;
  if (touched.length === 0 && !committed) return unchanged(session);
  const tree = await workTree.stage(parts.leftAlone);
  const base = taskBase(session);
  // Asked for at once, and remembered: both are wanted below.
  const [own] = await Promise.all([
    ownDiff(session, state.open?.head ?? state.head, tree),
    base === undefined ? undefined : ownDiff(session, base, tree),
  ]);
  return describeChange(session, { head, tree }, own);
}

async function unchanged(session: Session): Promise<ObservedChange> {
  const { head } = session.state;
  return describeChange(session, { head, tree: await session.parts.workTree.treeOf(head) }, EMPTY);
}

/** Commit that the open iteration's task began at. */
function taskBase({ state }: Session): string | undefined {
  return state.open === undefined ? undefined : taskState(state, state.open.task).baseCommit;
}

type Place = Pick<ObservedChange, "head" | "tree">;

async function describeChange(session: Session, { head, tree }: Place, own: TreeDiff): Promise<ObservedChange> {
  const { state } = session;
  const base = taskBase(session);
  const whole = base === undefined || base === state.open?.head ? own : await ownDiff(session, base, tree);
  return {
    head,
    tree,
    unchanged: own.files.length === 0,
    taskUnchanged: whole.files.length === 0,
    stat: own.stat,
    taskStat: whole.stat,
    taskFiles: whole.files.slice(0, MOST_FILES).map(({ path }) => path),
  };
}

/** The difference without the files that belong to the loop: progress and learnings are no work. */
export async function ownDiff(session: Session, from: string, to: string): Promise<TreeDiff> {
  const { planFile, workTree } = session.parts;
  const diff = await workTree.diff(from, to);
  const files = diff.files.filter(({ path }) => path !== planFile.inWorkspace && path !== planFile.learnings);
  if (files.length === diff.files.length) return diff;
  const sum = (key: "insertions" | "deletions"): number => files.reduce((total, file) => total + (file[key] ?? 0), 0);
  return { files, stat: { files: files.length, insertions: sum("insertions"), deletions: sum("deletions") } };
}

/**
 * Puts HEAD back on the run's branch, and the branch on a commit that continues the run. Files stay as the agent left them.
 * @returns the commit that the branch stands at then.
 */
async function restoreBranch(session: Session, { head, branch }: TreeStatus): Promise<string> {
  const { open, charter } = session.state;
  const { workTree } = session.parts;
  const base = open?.head ?? session.state.head;
  if (head === base && branch === charter.branch) return base;
  const continues = head !== undefined && (await workTree.isAncestor(base, head));
  if (continues && branch === charter.branch) return head;
  const restored = continues ? head : base;
  await workTree.attach(charter.branch, restored);
  const message = continues
    ? "HEAD was taken off the run's branch; it was put back"
    : "commits of the run were rewritten; the branch was put back";
  raiseFinding(session, { name: "history_rewritten", message });
  return restored;
}

/** Analysis and review change no file: what they changed is undone. */
async function discard(session: Session): Promise<void> {
  const { state, parts } = session;
  const { open } = state;
  if (open === undefined) return;
  await parts.workTree.attach(state.charter.branch, open.head);
  await parts.workTree.reset(open.head);
  await parts.workTree.clean(parts.leftAlone);
  session.conclude({ type: "change_observed", iteration: open.iteration, change: await unchanged(session) });
}
