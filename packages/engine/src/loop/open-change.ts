import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { taskState } from "@cloister/core";
import type { Change } from "../gates/index.ts";
import { ownDiff } from "./observe.ts";
import type { Session } from "./session.ts";

/** Larger files are not read for findings. */
const MOST_BYTES = 1024 * 1024;

/** The task's whole change so far, for the guards: a shortcut taken in an earlier iteration still counts when the task is claimed. */
export async function openChange(session: Session): Promise<Change | undefined> {
  const { open, charter } = session.state;
  const { workTree } = session.parts;
  if (open?.change === undefined || open.change.taskUnchanged) return undefined;
  const base = taskState(session.state, open.task).baseCommit ?? open.head;
  const { files } = await ownDiff(session, base, open.change.tree);
  const after = (path: string): Promise<string | undefined> => readBounded(join(charter.workspace, path));
  const changed = new Set(files.flatMap(({ path, oldPath }) => [path, oldPath ?? path]));
  const known = new Map<string, Promise<string | undefined>>();
  const before = (path: string): Promise<string | undefined> => {
    // What has not changed is what it was: reading it from the disk spares a process.
    const text = known.get(path) ?? (changed.has(path) ? workTree.read(base, path, MOST_BYTES) : after(path));
    known.set(path, text);
    return text;
  };
  return { files, before, after };
}

async function readBounded(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    return size > MOST_BYTES ? undefined : await readFile(path, "utf8");
  } catch {
    return undefined; // Deleted, or a link to nowhere.
  }
}
