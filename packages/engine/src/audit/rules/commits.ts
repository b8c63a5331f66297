import { contradicted, supported, withoutEvidence } from "../claim.ts";
import type { Rule } from "../rule.ts";

const QUOTED = /`([0-9a-f]{7,40})`/g;
const NAMED = /\bcommits?\W{1,3}([0-9a-f]{7,40})\b/gi;

/** Commits that a line names by hash. */
export const commitRule: Rule = (line) => {
  const matches = [...line.text.matchAll(QUOTED), ...line.text.matchAll(NAMED)];
  const hashes = matches
    .map(([, hash = ""]) => hash.toLowerCase())
    .filter((hash) => /\d/.test(hash) && /[a-f]/.test(hash));
  return [...new Set(hashes)].map((hash) => ({
    kind: "commit",
    text: hash,
    judge: async ({ repository }) => {
      const evidence = { command: `git cat-file -t ${hash}` };
      const isThere = await repository.hasCommit(hash);
      if (isThere === undefined) return withoutEvidence("the report names too many hashes to look for each");
      return isThere
        ? supported("the repository has it", evidence)
        : contradicted("the repository has no such commit", evidence);
    },
  }));
};
