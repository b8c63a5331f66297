/** Sizes of files: bytes, lines, added lines, words. */
import { contradicted, supported, withoutEvidence, type ClaimKind, type Judgement } from "../claim.ts";
import { isNear, NUMBER, toNumber } from "../numbers.ts";
import { quoteShell } from "../quote-shell.ts";
import type { Rule, Sighting, World } from "../rule.ts";

const BYTES = new RegExp(String.raw`(~)?\s?(${NUMBER})\s?(bytes|KB|KiB|MB|MiB)\b`, "gi");
const UNITS: Readonly<Record<string, number>> = { bytes: 1, kb: 1000, kib: 1024, mb: 1e6, mib: 1024 ** 2 };
const LINES = new RegExp(String.raw`(\+|~)?\s?(${NUMBER})[- ]lines?\b`, "gi");
const WORDS = new RegExp(String.raw`(~)?\s?(${NUMBER})(K)?[- ]words\b`, "gi");
/** What a file was before says nothing of what it is. */
const BEFORE = /\b(?:was|before|from|previously|originally)\b[^.;]{0,20}$/i;
const ADDED = /\badded\b/i;
/** Of the whole change, not of one file. */
const OF_ALL = /^\W*(?:total\s+)?lines? (?:of code )?added\b|\blines\W{1,3}of (?:\w+ )?code added\b/i;
/** Said of a file, a number of words is exact but for what counts as a word. */
const WORDS_APART = 0.02;
const ROUGHLY = 0.1;

/** `report.md (13,659 bytes)`. */
export const sizeRule: Rule = (line, { pathsOf }) => {
  const [path, ...others] = pathsOf(line);
  if (path === undefined || others.length > 0) return [];
  return [...line.text.matchAll(BYTES)].map(([text, about, number = "", unit = ""]) => {
    const isExact = about === undefined && unit.toLowerCase() === "bytes";
    const said = toNumber(number) * (UNITS[unit.toLowerCase()] ?? 1);
    return sighting("file_size", `${path}: ${text.trim()}`, (world) => judgeSize(path, said, { isExact, world }));
  });
};

/** `+29 −2 lines` is the size of a change, and the 2 no count of a file's. */
const REMOVED = /[−-]\s?$/;

/** `417-line implementation`, `src/lib.rs (+251 lines)`, and `After: 417 lines` beneath the name of a file. */
export const lineCountRule: Rule = (line, { subjectOf }) => {
  if (line.fenced || OF_ALL.test(line.text)) return [];
  const subject = subjectOf(line);
  const about = subject === undefined ? "" : ` (${subject})`;
  return [...line.text.matchAll(LINES)]
    .filter(({ index }) => !BEFORE.test(line.text.slice(0, index)) && !REMOVED.test(line.text.slice(0, index)))
    .map(([text, sign, number = ""]) => {
      const judge = sign === "+" || ADDED.test(line.text) ? judgeAdded : judgeLines;
      return sighting("lines", `${text.trim()}${about}`, (world) =>
        subject === undefined
          ? withoutEvidence("no file is named that could be counted")
          : judge(subject, toNumber(number), { isExact: sign !== "~", world }),
      );
    });
};

/** `guide.md (4,700 words)`. What is said of all documents together is a count. */
export const wordCountRule: Rule = (line, { pathsOf }) => {
  const [path, ...others] = pathsOf(line);
  if (path === undefined || others.length > 0) return [];
  return [...line.text.matchAll(WORDS)].map(([text, about, number = "", suffix]) =>
    sighting("words", `${path}: ${text.trim()}`, (world) =>
      judgeWords(path, toNumber(number, suffix), { isExact: about === undefined && suffix === undefined, world }),
    ),
  );
};

type Precision = { readonly isExact: boolean; readonly world: World };

function sighting(kind: ClaimKind, text: string, judge: Sighting["judge"]): Sighting {
  return { kind, text, judge };
}

async function judgeSize(path: string, said: number, { isExact, world }: Precision): Promise<Judgement> {
  const found = await world.repository.find(path);
  if (found.type !== "file") return unfound(path, found.type);
  const evidence = { command: `wc -c ${quoteShell(found.path)}` };
  const agrees = isExact ? found.bytes === said : isNear(found.bytes, said, ROUGHLY);
  return (agrees ? supported : contradicted)(`it has ${found.bytes} bytes`, evidence);
}

async function judgeLines(path: string, said: number, { isExact, world }: Precision): Promise<Judgement> {
  const found = await world.repository.find(path);
  if (found.type !== "file") return unfound(path, found.type);
  const measures = await world.repository.measure(found.path);
  if (measures === undefined) return withoutEvidence("it is too large to be counted");
  const evidence = { command: `wc -l ${quoteShell(found.path)}` };
  const agrees = isExact ? measures.lines === said : isNear(measures.lines, said, ROUGHLY);
  return (agrees ? supported : contradicted)(`${found.path} has ${measures.lines} lines`, evidence);
}

async function judgeAdded(path: string, said: number, { world }: Precision): Promise<Judgement> {
  const found = await world.repository.find(path);
  if (found.type !== "file") return unfound(path, found.type);
  const commits = await world.repository.additions(found.path);
  const evidence = { command: `git log --numstat --format=%h -- ${quoteShell(found.path)}` };
  if (commits === undefined) return withoutEvidence("the report names too many files to look into the history of each");
  if (commits.includes(said)) return supported("a commit added exactly that many", evidence);
  const all = commits.reduce((total, added) => total + added, 0);
  if (all < said) return contradicted(`all commits together added ${all} lines to it`, evidence);
  return withoutEvidence("no single commit added that many; over which commits it was counted is not said", evidence);
}

async function judgeWords(path: string, said: number, { isExact, world }: Precision): Promise<Judgement> {
  const found = await world.repository.find(path);
  if (found.type !== "file") return unfound(path, found.type);
  const measures = await world.repository.measure(found.path);
  if (measures === undefined) return withoutEvidence("it is too large to be counted");
  const evidence = { command: `wc -w ${quoteShell(found.path)}` };
  const agrees = isNear(measures.words, said, isExact ? WORDS_APART : ROUGHLY);
  return (agrees ? supported : contradicted)(`it has ${measures.words} words`, evidence);
}

function unfound(path: string, type: "folder" | "missing" | "outside"): Judgement {
  if (type === "outside") return withoutEvidence("it lies outside the repository, and was not looked at");
  const what = type === "folder" ? "it is a folder" : "there is no such file in the repository";
  return contradicted(what, { command: `ls -ld ${quoteShell(path)}` });
}
