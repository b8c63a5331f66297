import { toPlainLine } from "@cloister/core";
import type { AuditedClaim, AuditResult, AuditVerdict, Judgement } from "./claim.ts";
import { checkConsistency } from "./consistency.ts";
import { readDocument } from "./document.ts";
import { viewJournal, type RunJournal } from "./journal-view.ts";
import { mendEncoding } from "./mend-encoding.ts";
import { viewRepository } from "./repository-view.ts";
import type { Sighting, World } from "./rule.ts";
import { RULES } from "./rules/index.ts";

/** What to audit, against what. */
export type AuditRequest = {
  /** The report. Longer ones than 4 million characters are cut. */
  readonly text: string;
  /** Its name, for people. */
  readonly file: string;
  /** Absolute path of the repository's root. */
  readonly repository: string;
  /** Environment for git. */
  readonly env: Readonly<Record<string, string>>;
  /** The repository's runs, the oldest first. The run that the report names is asked, else the last. */
  readonly journals?: readonly RunJournal[];
};

const MOST_CHARS = 4_000_000;
const MOST_CLAIMS = 10_000;
const TEXT_CHARS = 200;

/**
 * Checks a report that somebody wrote, claim by claim. Nothing that it says is executed; of the repository only regular files
 * beneath the root are read, and git's objects.
 */
export async function auditReport({ text, file, repository, env, journals = [] }: AuditRequest): Promise<AuditResult> {
  const bounded = text.slice(0, MOST_CHARS);
  const { text: readable, mended } = mendEncoding(bounded.normalize("NFC"));
  const document = readDocument(file, readable);
  const journal = await viewJournal(journals, readable, env);
  const world: World = { repository: viewRepository(repository, env), journal, document };
  const seen = document.lines.flatMap((line) =>
    RULES.flatMap((rule) => rule(line, document)).map((sighting) => ({ line: line.number, sighting })),
  );
  const claims = await judgeAll(seen.slice(0, MOST_CLAIMS), world);
  return {
    version: 1,
    file,
    ...(journal === undefined ? {} : { run: journal.report.run.id }),
    claims,
    totals: {
      supported: count(claims, "supported"),
      contradicted: count(claims, "contradicted"),
      without_evidence: count(claims, "without_evidence"),
    },
    mended,
    cut: text.length > MOST_CHARS || document.cut || seen.length > MOST_CLAIMS,
  };
}

async function judgeAll(
  seen: readonly { readonly line: number; readonly sighting: Sighting }[],
  world: World,
): Promise<AuditedClaim[]> {
  const judgements: Judgement[] = [];
  for (const { sighting } of seen) judgements.push(await sighting.judge(world));
  const stated = seen.map(({ line, sighting: { quantity } }, index) => ({
    line,
    ...(quantity === undefined ? {} : { quantity }),
    judgement: judgements[index] as Judgement,
  }));
  return checkConsistency(stated).map((judgement, index) => {
    const { line, sighting } = seen[index] as (typeof seen)[number];
    return { line, text: toPlainLine(sighting.text, TEXT_CHARS), kind: sighting.kind, ...judgement };
  });
}

function count(claims: readonly AuditedClaim[], verdict: AuditVerdict): number {
  return claims.filter((claim) => claim.verdict === verdict).length;
}
