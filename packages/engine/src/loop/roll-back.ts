import type { TaskId } from "@cloister/core";
import type { Session } from "./session.ts";

/** Takes the branch and the files back to a commit. What is left behind stays reachable under `refs/cloister/`. */
export async function rollBack(session: Session, task: TaskId, to: string): Promise<void> {
  const { state, parts } = session;
  const { charter, head } = state;
  const { workTree, planFile, leftAlone } = parts;
  if (state.rollback === undefined) session.record({ type: "rollback_started", task, from: head, to });
  await workTree.keep(`${charter.run}/rolled-back-${state.iterations}`, head);
  await workTree.attach(charter.branch, to);
  await workTree.reset(to);
  await workTree.clean(leftAlone);
  planFile.restore();
  session.record({ type: "rollback_finished", task, head: to });
}
