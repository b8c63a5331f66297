import { describeCount } from "@cloister/core";
import { toMarkdownCode, toMarkdownTable, toMarkdownText } from "../report/markdown-text.ts";
import type { AuditedClaim, AuditResult, AuditVerdict } from "./claim.ts";

const MARKS: Readonly<Record<AuditVerdict, string>> = {
  supported: "✓ supported",
  contradicted: "✗ contradicted",
  without_evidence: "? without evidence",
};
const MOST_POSITIONS = 8;

/** `40 claims: 3 supported, 12 contradicted, 25 without evidence`. */
export function describeAudit({ claims, totals }: AuditResult): string {
  const { supported, contradicted, without_evidence: without } = totals;
  return `${describeCount(claims.length, "claim")}: ${supported} supported, ${contradicted} contradicted, ${without} without evidence`;
}

/** Exit code of a command that audits: 0 where every claim is supported, else 7, for a person must look. */
export function auditExitCode({ claims, totals }: AuditResult): 0 | 7 {
  return totals.supported === claims.length ? 0 : 7;
}

/** The audit as Markdown; what the audited report brought in is shown and does nothing. */
export function renderAudit(result: AuditResult): string {
  const rows = result.claims.map((claim) => [
    String(claim.line),
    claim.kind.replaceAll("_", " "),
    toMarkdownText(claim.text),
    MARKS[claim.verdict],
    toMarkdownText(claim.why),
    renderEvidence(claim),
  ]);
  const parts = [
    `# Audit of ${toMarkdownText(result.file)}`,
    `**${describeAudit(result)}**`,
    renderNotes(result),
    rows.length === 0
      ? "Nothing in it could be checked."
      : toMarkdownTable(["Line", "Kind", "Claim", "Verdict", "Why", "Evidence"], rows),
  ];
  return `${parts.join("\n\n")}\n`;
}

function renderNotes({ run, mended, cut }: AuditResult): string {
  const notes = [
    run === undefined
      ? "No journal was asked: what only a run can show is without evidence."
      : `Numbers such as #12 are events in the journal of run ${toMarkdownText(run)}.`,
    mended === 0
      ? ""
      : `${describeCount(mended, "character")} had been encoded twice and ${mended === 1 ? "was" : "were"} read as meant.`,
    cut ? "The document was too long and was not read to its end." : "",
  ];
  return notes
    .filter((note) => note !== "")
    .map((note) => `- ${note}`)
    .join("\n");
}

function renderEvidence({ evidence: { command, positions = [], lines = [] } }: AuditedClaim): string {
  const shown = positions.slice(0, MOST_POSITIONS).map((position) => `\\#${position}`);
  const rest = positions.length - shown.length;
  return [
    ...(command === undefined ? [] : [toMarkdownCode(command)]),
    ...shown,
    ...(rest > 0 ? [`and ${rest} more`] : []),
    ...(lines.length === 0 ? [] : [`lines ${lines.join(", ")}`]),
  ].join(" ");
}
