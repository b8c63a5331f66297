import type { DiffStat } from "@cloister/core";

/** A path that differs from what is staged or committed. */
export type StatusEntry = { readonly path: string; readonly untracked: boolean; readonly unstaged: boolean };

/** What `git status --porcelain=v2 --branch -z` says. */
export type TreeStatus = {
  /** Undefined before the first commit. */
  readonly head: string | undefined;
  /** Undefined where HEAD is detached. */
  readonly branch: string | undefined;
  readonly entries: readonly StatusEntry[];
};

/** A file of a diff. Paths are relative to the root, with `/`. */
export type ChangedFile = {
  readonly path: string;
  readonly status: "added" | "modified" | "deleted" | "renamed";
  readonly oldPath?: string;
  /** Undefined for binary files. */
  readonly insertions?: number;
  readonly deletions?: number;
};

/** Reads porcelain v2 with `-z`; see git-status(1), "Porcelain Format Version 2". */
export function parseStatus(output: string): TreeStatus {
  const fields = output.split("\0");
  const entries: StatusEntry[] = [];
  let head: string | undefined;
  let branch: string | undefined;
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index] ?? "";
    if (field.startsWith("# branch.oid ") && !field.endsWith("(initial)")) head = field.slice(13);
    else if (field.startsWith("# branch.head ") && !field.endsWith("(detached)")) branch = field.slice(14);
    else if (field.startsWith("? ")) entries.push({ path: field.slice(2), untracked: true, unstaged: true });
    else if (/^[12u] /.test(field)) {
      entries.push(parseEntry(field));
      if (field.startsWith("2 ")) index++; // The original path of a rename follows as a field of its own.
    }
  }
  return { head, branch, entries };
}

/** Fixed fields before the path, by the kind of entry. */
const FIELDS_BEFORE_PATH: Readonly<Record<string, number>> = { "1": 8, "2": 9, u: 10 };

function parseEntry(field: string): StatusEntry {
  const before = FIELDS_BEFORE_PATH[field[0] ?? ""] ?? 8;
  const path = field.split(" ").slice(before).join(" ");
  return { path, untracked: false, unstaged: field[3] !== "." };
}

const STATUSES: Readonly<Record<string, ChangedFile["status"]>> = {
  A: "added",
  D: "deleted",
  R: "renamed",
  C: "added",
};

/** Reads `git diff-tree -r -M --raw --numstat -z`: the raw part names the files, the numstat part their sizes. */
export function parseRawDiff(output: string): { readonly stat: DiffStat; readonly files: readonly ChangedFile[] } {
  const fields = output.split("\0");
  const files = new Map<string, ChangedFile>();
  let index = 0;
  while (fields[index]?.startsWith(":") === true) index = readRaw(fields, index, files);
  while (fields[index] !== undefined && fields[index] !== "") index = readNumstat(fields, index, files);
  const list = [...files.values()];
  const sum = (key: "insertions" | "deletions"): number => list.reduce((total, file) => total + (file[key] ?? 0), 0);
  return { stat: { files: list.length, insertions: sum("insertions"), deletions: sum("deletions") }, files: list };
}

/** `:modes hashes STATUS`, then the path; the old path before it where the file moved. Returns where the next entry begins. */
function readRaw(fields: readonly string[], index: number, files: Map<string, ChangedFile>): number {
  const letter = fields[index]?.split(" ")[4]?.[0] ?? "M";
  const moved = letter === "R" || letter === "C";
  const first = fields[index + 1] ?? "";
  const path = moved ? (fields[index + 2] ?? "") : first;
  files.set(path, { path, status: STATUSES[letter] ?? "modified", ...(moved ? { oldPath: first } : {}) });
  return index + (moved ? 3 : 2);
}

/** `added TAB removed TAB path`; with an empty path, old and new path follow. Binary files have `-` for numbers. */
function readNumstat(fields: readonly string[], index: number, files: Map<string, ChangedFile>): number {
  const [added, removed, name = ""] = (fields[index] ?? "").split("\t");
  const path = name === "" ? (fields[index + 2] ?? "") : name;
  const [insertions, deletions] = [Number(added), Number(removed)];
  const file = files.get(path);
  if (file !== undefined && !Number.isNaN(insertions)) files.set(path, { ...file, insertions, deletions });
  return index + (name === "" ? 3 : 1);
}
