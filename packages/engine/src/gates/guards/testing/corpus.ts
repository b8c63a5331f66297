import { DEFAULT_GUARD_POLICY, type FindingName } from "@cloister/core";
import type { Change, ChangedFile, InspectOptions } from "../change.ts";

/** A folder's files by path. */
export type Tree = Readonly<Record<string, string>>;

/** A change of a tree, in a sentence, with the gates that it meets. */
export type Sample = {
  readonly name: string;
  readonly before: Tree;
  /** What is different now: new text, or null for a file that is gone. */
  readonly after: Readonly<Record<string, string | null>>;
  /** Default: `npm test`. */
  readonly gates?: readonly string[];
  readonly protect?: readonly string[];
};

/** A way to make work look done, and the finding that names it. */
export type Evasion = Sample & { readonly finding: FindingName };

/** A sample as the guards see it. A file that is gone while its text is under a new name counts as renamed. */
export function toChange({ before, after }: Sample): Change {
  const now = new Map(
    Object.entries({ ...before, ...after }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  const gone = Object.keys(before).filter((path) => !now.has(path));
  const files: ChangedFile[] = [];
  for (const [path, text] of now) {
    if (before[path] === text) continue;
    const oldPath = before[path] === undefined ? gone.find((candidate) => before[candidate] === text) : undefined;
    if (oldPath === undefined) files.push({ path, status: before[path] === undefined ? "added" : "modified" });
    else {
      gone.splice(gone.indexOf(oldPath), 1);
      files.push({ path, status: "renamed", oldPath });
    }
  }
  files.push(...gone.map((path): ChangedFile => ({ path, status: "deleted" })));
  return {
    files,
    before: (path) => Promise.resolve(before[path]),
    after: (path) => Promise.resolve(now.get(path)),
  };
}

/** The options of a sample, with the default policy. */
export function toOptions({ gates = ["npm test"], protect = [] }: Sample): InspectOptions {
  return {
    gates: gates.map((command, index) => ({ name: `gate-${index + 1}`, command })),
    protect,
    policy: DEFAULT_GUARD_POLICY,
  };
}
