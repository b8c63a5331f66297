/** Commits what an iteration left, with what came of it, and writes the plan's progress where a task is proven. */
import { closeIteration, isGreen, type OpenIteration, type TaskId } from "@cloister/core";
import type { Session } from "./session.ts";

/** Makes the checkpoint of the open iteration, where there is anything to commit. A commit that a crash left unrecorded is adopted. */
export async function makeCheckpoint(session: Session): Promise<void> {
  const { open } = session.state;
  if (open?.change === undefined || open.checkpoint !== undefined) return;
  const proven = provenTask(session);
  const { workTree } = session.parts;
  if (open.committing !== undefined) {
    const last = await workTree.lastCommit();
    if (isCheckpointOf(last.trailers, session, open)) {
      await workTree.reset(last.commit);
      return recordCheckpoint(session, open, last.commit);
    }
  } else if (!(await hasContent(session, open)) && proven === undefined) return;

  session.record({ type: "checkpoint_started", iteration: open.iteration, tree: open.change.tree });
  const tree = proven === undefined ? open.change.tree : await writeProgress(session, proven);
  const parent = open.change.head;
  if (tree === (await workTree.treeOf(parent))) return recordCheckpoint(session, open, parent);
  const commit = await workTree.commit({
    tree,
    parent,
    subject: subject(session, open, proven),
    trailers: trailers(session, open),
  });
  recordCheckpoint(session, open, commit);
}

function recordCheckpoint(session: Session, open: OpenIteration, commit: string): void {
  session.record({ type: "checkpoint_created", iteration: open.iteration, commit, green: isGreen(open) });
}

/** Anything to commit: work, or what was learnt. */
async function hasContent(session: Session, { change, head }: OpenIteration): Promise<boolean> {
  if (change?.unchanged === false) return true;
  return change !== undefined && change.tree !== (await session.parts.workTree.treeOf(head));
}

/** The task that closing this iteration will complete. */
function provenTask(session: Session): TaskId | undefined {
  const events = closeIteration(session.state, session.parts.now());
  return events.find((event) => event.type === "task_completed")?.task;
}

async function writeProgress(session: Session, task: TaskId): Promise<string> {
  const { planFile, workTree, leftAlone } = session.parts;
  planFile.markDone(task);
  return workTree.stage(leftAlone);
}

function subject(session: Session, open: OpenIteration, proven: TaskId | undefined): string {
  const title = session.openTask?.title.replaceAll(/\s+/g, " ").slice(0, 60) ?? open.task;
  return `cloister: ${title} (${proven === undefined ? `iteration ${open.iteration}` : "done"})`;
}

function trailers(session: Session, open: OpenIteration): Record<string, string> {
  const gates = open.gates.map(({ gate, outcome }) => `${gate}=${outcome}`).join(", ");
  return {
    "Cloister-Run": session.state.charter.run,
    "Cloister-Task": open.task,
    "Cloister-Iteration": String(open.iteration),
    "Cloister-Verdict": open.verdict?.type ?? "interrupted",
    ...(gates === "" ? {} : { "Cloister-Gates": gates }),
    "Cloister-Tree": open.change?.tree ?? "",
  };
}

function isCheckpointOf(
  found: Readonly<Record<string, string>>,
  session: Session,
  { iteration }: OpenIteration,
): boolean {
  return found["Cloister-Run"] === session.state.charter.run && found["Cloister-Iteration"] === String(iteration);
}
