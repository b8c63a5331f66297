/** Makes a run's workspace: the worktree on its branch, the plan in it, what the gates need. Each step can be repeated after a crash. */
import { CloisterError, excerpt, type RunEvent } from "@cloister/core";
import { createEvidenceSink } from "../evidence/sink.ts";
import { createGit } from "../vcs/index.ts";
import { carryIgnored } from "../workspace/carry.ts";
import { prepareWorktree } from "../workspace/worktree.ts";
import type { Session } from "./session.ts";

const SETUP_TIMEOUT_MS = 30 * 60_000;

/** Makes the workspace, and commits the plan where the branch does not hold it as the user gave it. */
export async function prepareWorkspace(session: Session): Promise<void> {
  const { charter } = session.state;
  const { workTree } = session.parts;
  const isAtBase = !charter.inPlace && (await makeWorktree(session));
  const head = charter.inPlace || isAtBase ? charter.baseCommit : await commitPlan(session);
  if (!isAtBase) await workTree.attach(charter.branch, head);
  session.record({ type: "workspace_prepared", head });
}

/** @returns true where the worktree is new, on its branch, and holds the plan: nothing is to be committed. */
async function makeWorktree({ state: { charter }, parts: { env, planFile, config } }: Session): Promise<boolean> {
  const git = createGit(charter.repository, env);
  const request = { folder: charter.workspace, branch: charter.branch, commit: charter.baseCommit };
  const isNew = await prepareWorktree(git, request);
  // What git ignores is often secret, and stays on the host (I8).
  if (charter.machine === undefined)
    await carryIgnored(git, { from: charter.repository, to: charter.workspace, rules: config.carry });
  return !planFile.restore() && isNew;
}

async function commitPlan({ state, parts }: Session): Promise<string> {
  const { charter } = state;
  const { workTree } = parts;
  const last = await workTree.lastCommit();
  if (last.trailers["Cloister-Run"] === charter.run) return last.commit;
  const tree = await workTree.stage([]);
  if (tree === (await workTree.treeOf(charter.baseCommit))) return charter.baseCommit;
  const trailers = { "Cloister-Run": charter.run };
  return workTree.commit({ tree, parent: charter.baseCommit, subject: "cloister: the plan, as given", trailers });
}

/**
 * Runs the set-up commands in the workspace.
 * @throws CloisterError `setup_failed` with the end of what the command printed.
 */
export async function runSetup(session: Session): Promise<void> {
  const { charter } = session.state;
  session.record({ type: "setup_started", commands: charter.setup });
  const sink = createEvidenceSink(session.parts.paths.evidence);
  const startedAt = performance.now();
  await session.machine.bringIn();
  for (const command of charter.setup) {
    session.parts.notify(`setting up: ${command}`);
    await runCommand(session, command, sink.write);
    if (session.stopped) return void sink.finish();
  }
  await session.parts.workTree.clean(session.parts.leftAlone);
  const finished: RunEvent = {
    type: "setup_finished",
    durationMs: Math.round(performance.now() - startedAt),
    output: sink.finish(),
  };
  session.record(finished);
}

async function runCommand(session: Session, command: string, keep: (chunk: Uint8Array) => void): Promise<void> {
  const { machine } = session;
  const running = machine.startProcess({
    shell: command,
    cwd: session.state.charter.workspace,
    env: { ...machine.env, CI: "1" },
    marker: session.marker(0),
    timeoutMs: SETUP_TIMEOUT_MS,
    signal: session.stopping.signal,
  });
  let tail = "";
  const follow = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of source) {
      keep(chunk);
      tail = (tail + Buffer.from(chunk).toString("utf8")).slice(-4000);
    }
  };
  const [exit] = await Promise.all([running.exit, follow(running.stdout), follow(running.stderr)]);
  if (session.stopped || exit.code === 0) return;
  throw new CloisterError({
    code: "setup_failed",
    message: `The set-up command "${command}" ended with ${exit.code ?? exit.signal ?? exit.error}: ${excerpt(tail.trim(), 1500)}`,
    remedy: "Mend it in the base commit, or say what to run with `setup` in the plan or cloister.yaml.",
  });
}
