import type { RunId } from "@cloister/core";

/** What a claim is about. */
export type ClaimKind =
  | "file"
  | "file_size"
  | "lines"
  | "words"
  | "marks"
  | "tests"
  | "iterations"
  | "tasks"
  | "commit"
  | "cost"
  | "tokens"
  | "duration"
  | "command"
  | "absence"
  | "status"
  | "arithmetic"
  | "count"
  | "percentage";

/** What became of a claim. `without_evidence` is no accusation: nothing that Cloister may look at speaks for it or against it. */
export type AuditVerdict = "supported" | "contradicted" | "without_evidence";

/** What a verdict rests on. */
export type AuditEvidence = {
  /** Says it again, run in the repository. */
  readonly command?: string;
  /** Events of the journal of `run`. */
  readonly run?: RunId;
  readonly positions?: readonly number[];
  /** Other lines of the same document, from 1. */
  readonly lines?: readonly number[];
};

/** A verdict with its reasons. */
export type Judgement = {
  readonly verdict: AuditVerdict;
  /** One sentence. */
  readonly why: string;
  readonly evidence: AuditEvidence;
};

/** A checkable claim of a report, checked. */
export type AuditedClaim = Judgement & {
  /** Line in the document, from 1. */
  readonly line: number;
  /** The claim's own words, cleaned and cut. */
  readonly text: string;
  readonly kind: ClaimKind;
};

/** What an audit found. */
export type AuditResult = {
  readonly version: 1;
  /** The document's name, as it was given. */
  readonly file: string;
  /** The run whose journal was asked; undefined where there was none. */
  readonly run?: RunId;
  readonly claims: readonly AuditedClaim[];
  readonly totals: Readonly<Record<AuditVerdict, number>>;
  /** How many characters were doubly encoded and could be read as what they were. */
  readonly mended: number;
  /** True where the document was too long to be read to its end. */
  readonly cut: boolean;
};

/** The claim is so. */
export function supported(why: string, evidence: AuditEvidence = {}): Judgement {
  return { verdict: "supported", why, evidence };
}

/** The claim is not so. */
export function contradicted(why: string, evidence: AuditEvidence = {}): Judgement {
  return { verdict: "contradicted", why, evidence };
}

/** Nothing shows the claim. */
export function withoutEvidence(why: string, evidence: AuditEvidence = {}): Judgement {
  return { verdict: "without_evidence", why, evidence };
}
