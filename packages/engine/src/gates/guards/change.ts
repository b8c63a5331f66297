import type { Finding, GateSpec, GuardPolicy } from "@cloister/core";
import type { GateUsage } from "./gate-usage.ts";
import type { SourceText } from "./source-text.ts";

/** How a file differs from the base. */
export type ChangedFile = {
  /** Relative to the workspace, with `/`. Of a deleted file: where it was. */
  readonly path: string;
  readonly status: "added" | "modified" | "deleted" | "renamed";
  /** Where a renamed file was. */
  readonly oldPath?: string;
};

/** A change as version control sees it. Texts are bounded by whoever reads them; undefined: not there, or not text. */
export type Change = {
  readonly files: readonly ChangedFile[];
  /** The text of any file of the base. */
  before(path: string): Promise<string | undefined>;
  /** The text of any file now. */
  after(path: string): Promise<string | undefined>;
};

/** What a change is held against. */
export type InspectOptions = {
  readonly gates: readonly GateSpec[];
  /** Globs (picomatch) of paths that may not change. */
  readonly protect: readonly string[];
  readonly policy: GuardPolicy;
};

/** A changed file with its texts; empty where there is none on that side. */
export type FileChange = ChangedFile & { readonly before: SourceText; readonly after: SourceText };

/** Looks at one changed file. */
export type FileGuard = (file: FileChange, usage: GateUsage) => Finding[];

/** Lines are looked at up to this length. */
const MAX_LINE = 5000;

/** A line that is new in a file, from 1. */
export type AddedLine = { readonly line: number; readonly text: string };

/** Lines of `after` that `before` does not have (as often). A line that only moved is not new, nor is one that was indented. */
export function addedLines(before: string, after: string): AddedLine[] {
  const left = new Map<string, number>();
  for (const text of before.split("\n")) left.set(text.trim(), (left.get(text.trim()) ?? 0) + 1);
  return after.split("\n").flatMap((text, index) => {
    const count = left.get(text.trim()) ?? 0;
    left.set(text.trim(), count - 1);
    return count > 0 || text.trim() === "" ? [] : [{ line: index + 1, text: text.slice(0, MAX_LINE) }];
  });
}
