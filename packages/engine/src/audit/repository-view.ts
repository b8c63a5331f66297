/**
 * What an audit may see of a repository: regular files beneath its root, bounded, and git's read-only commands. Nothing that a
 * report says is executed, and no path of it leads out of the root, by `..`, by being absolute or through a link.
 */
import { constants } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { createGit, type RunGit } from "../vcs/index.ts";

const MOST_BYTES = 8 * 1024 * 1024;
const MOST_COMMITS = "2000";
/** Questions of one sort that git is asked: a report of nothing but hashes must not start a process for each. */
const MOST_QUESTIONS = 300;
/** A partial clone would ask its server for what it lacks; an audit stays at home. */
const OFFLINE = { GIT_NO_LAZY_FETCH: "1" };

/** What is at a path. */
export type Found =
  | { readonly type: "file"; readonly path: string; readonly bytes: number }
  | { readonly type: "folder"; readonly path: string }
  | { readonly type: "missing" }
  /** Not looked at. */
  | { readonly type: "outside" };

export type FileMeasures = { readonly lines: number; readonly words: number };

export interface RepositoryView {
  /** What `path` (relative to the root, or the end of exactly one tracked file's path) is. */
  find(path: string): Promise<Found>;
  /** Lines and words of a file that was found; undefined where it is too large to be read. */
  measure(path: string): Promise<FileMeasures | undefined>;
  /** Undefined, as below, where too much was asked before. */
  hasCommit(hash: string): Promise<boolean | undefined>;
  /** How often a word stands in tracked text files of HEAD; undefined where git can't tell. */
  countWord(word: string): Promise<number | undefined>;
  /** Lines that each commit added to a file, the newest first. */
  additions(path: string): Promise<readonly number[] | undefined>;
}

/** The repository at `root` (absolute). */
export function viewRepository(root: string, env: Readonly<Record<string, string>>): RepositoryView {
  const git = createGit(root, env);
  const files = remember(() => listFiles(git));
  return {
    find: (path) => find(root, path, async () => (await files("")) ?? []),
    measure: (path) => measure(root, path),
    hasCommit: remember((hash) => hasCommit(git, hash)),
    countWord: remember((word) => countWord(git, word)),
    additions: remember((path) => additions(git, path)),
  };
}

/** Answers each question once. */
function remember<Answer>(
  answer: (question: string) => Promise<Answer>,
): (question: string) => Promise<Answer | undefined> {
  const known = new Map<string, Promise<Answer>>();
  return async (question) => {
    const earlier = known.get(question);
    if (earlier !== undefined || known.size >= MOST_QUESTIONS) return earlier;
    const asked = answer(question);
    known.set(question, asked);
    return asked;
  };
}

async function listFiles(git: RunGit): Promise<readonly string[]> {
  const answer = await git(["ls-files", "-z"], { allow: [128], env: OFFLINE });
  return answer.code === 0 ? answer.stdout.split("\0").filter((path) => path !== "") : [];
}

async function find(root: string, path: string, listed: () => Promise<readonly string[]>): Promise<Found> {
  const direct = await look(root, path);
  if (direct.type !== "missing") return direct;
  const wanted = path.replace(/\/+$/, "");
  const matches = (await listed()).filter((candidate) => candidate.endsWith(`/${wanted}`));
  const [match] = matches;
  return match === undefined || matches.length > 1 ? direct : look(root, match);
}

async function look(root: string, path: string): Promise<Found> {
  if (isAbsolute(path) || path.startsWith("~") || path.includes("\0")) return { type: "outside" };
  const place = await resolve(root, path);
  if (place === undefined) return { type: "missing" };
  if (place === "outside") return { type: "outside" };
  const status = await stat(place.absolute);
  if (status.isDirectory()) return { type: "folder", path: place.relative };
  return status.isFile() ? { type: "file", path: place.relative, bytes: status.size } : { type: "outside" };
}

type Place = { readonly absolute: string; readonly relative: string };

/** Where a path really leads. Git's own folder counts as outside. */
async function resolve(root: string, path: string): Promise<Place | "outside" | undefined> {
  if (relative(root, join(root, path)).split(sep)[0] === "..") return "outside";
  try {
    const [home, absolute] = await Promise.all([realpath(root), realpath(join(root, path))]);
    const inner = relative(home, absolute);
    const first = inner.split(sep)[0];
    return first === ".." || first === ".git" || isAbsolute(inner) ? "outside" : { absolute, relative: inner };
  } catch {
    return undefined; // Nothing is there, or it may not be looked at.
  }
}

async function measure(root: string, path: string): Promise<FileMeasures | undefined> {
  const place = await resolve(root, path);
  if (place === undefined || place === "outside") return undefined;
  // Should it have become a link or a pipe since it was looked at, it is neither followed nor waited for.
  await using handle = await open(place.absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const status = await handle.stat();
  if (!status.isFile() || status.size > MOST_BYTES) return undefined;
  const text = await handle.readFile("utf8");
  const lines = text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return { lines, words: text.match(/\S+/g)?.length ?? 0 };
}

async function hasCommit(git: RunGit, hash: string): Promise<boolean> {
  if (!/^[0-9a-f]{4,64}$/.test(hash)) return false;
  return (await git(["cat-file", "-e", `${hash}^{commit}`], { allow: [1, 128], env: OFFLINE })).code === 0;
}

async function countWord(git: RunGit, word: string): Promise<number | undefined> {
  const answer = await git(["grep", "-I", "-o", "-h", "-w", "-F", "-e", word, "HEAD"], {
    allow: [1, 128],
    env: OFFLINE,
  });
  return answer.code === 128 ? undefined : answer.stdout.split("\n").filter((line) => line !== "").length;
}

async function additions(git: RunGit, path: string): Promise<readonly number[]> {
  const args = ["log", `-n${MOST_COMMITS}`, "--numstat", "--format=", "--no-ext-diff", "--no-textconv", "--"];
  const answer = await git([...args, `:(top,literal)${path}`], { allow: [128], env: OFFLINE });
  return answer.stdout
    .split("\n")
    .flatMap((line) => /^(\d+)\t/.exec(line)?.[1] ?? [])
    .map(Number);
}
