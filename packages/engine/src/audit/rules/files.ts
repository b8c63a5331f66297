import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import { quoteShell } from "../quote-shell.ts";
import type { Rule, World } from "../rule.ts";

const GONE = /\b(?:removed|deleted|dropped|got rid of)\b/i;
const MOVED = /\b(?:renamed|moved)\b/i;

/** A document that names a file says that it is there (or, where it says so, that it is gone). Each file counts once. */
export const fileRule: Rule = (line, { pathsOf, isFirstMention }) =>
  pathsOf(line)
    .filter((path) => isFirstMention(path, line))
    .map((path) => ({ kind: "file", text: path, judge: (world) => judgeFile(path, line.text, world) }));

async function judgeFile(path: string, text: string, { repository, document }: World): Promise<Judgement> {
  const evidence = { command: `ls -ld ${quoteShell(path)}` };
  const found = await repository.find(path);
  if (found.type === "outside") return withoutEvidence("it lies outside the repository, and was not looked at");
  const isThere = found.type !== "missing";
  if (GONE.test(text))
    return isThere
      ? contradicted("it is said to be gone, and is still there", evidence)
      : supported("it is gone", evidence);
  if (isThere) {
    const elsewhere = found.path === path.replace(/\/+$/, "") ? "" : ` as ${found.path}`;
    return supported(`it is there${elsewhere}`, { command: `ls -ld ${quoteShell(found.path)}` });
  }
  if (/\(this file\)/i.test(text))
    return withoutEvidence(`the document means itself; it was given as ${document.file}`);
  if (path.endsWith("/"))
    return withoutEvidence("there is no such folder; it may come into being at run time", evidence);
  if (MOVED.test(text)) return withoutEvidence("there is no such file; it is said to have been moved", evidence);
  return contradicted("there is no such file in the repository", evidence);
}
