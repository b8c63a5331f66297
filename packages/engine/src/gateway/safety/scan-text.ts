import type { DetectorSet, ScopedDetector } from "./detectors.ts";
import type { Finding } from "./finding.ts";

/** Characters that are looked at in one go: even text made to slow the rules down holds the process up for some 40 ms at most. */
const PIECE = 16_384;
/** Characters that two pieces share, so that what lies across their border is whole in one of them. */
const OVERLAP = 2048;

/** Findings of one text at most, so that one made of nothing else is no burden. */
const MAX_FINDINGS = 20_000;

/** What was found in a text. `isWhole` is false where it was not looked through to its end. */
export type Scan = { readonly findings: readonly Finding[]; readonly isWhole: boolean };

/** Shared, because most texts hold nothing. */
const CLEAN: Scan = { findings: [], isWhole: true };

/**
 * Looks through one text, piece by piece; the generator pauses between them, so that its caller can let others run. It is resumed with the
 * ms that it has left, and ends with what was found so far where that is none.
 * Findings of one kind that overlap are one; personal data that is part of a secret (the host of a URL with a password) is left out.
 */
export function* scanText(text: string, { forWholes, forPieces }: DetectorSet): Generator<undefined, Scan, number> {
  const findings: Finding[] = [];
  detect(forWholes, text, 0, findings);
  for (let start = 0; ; start += PIECE - OVERLAP) {
    detect(forPieces, text.slice(start, start + PIECE), start, findings);
    const isWhole = start + PIECE >= text.length;
    if (isWhole && findings.length === 0) return CLEAN;
    if (isWhole || (yield) <= 0 || findings.length > MAX_FINDINGS)
      return { findings: resolveOverlaps(findings), isWhole };
  }
}

function detect(detectors: readonly ScopedDetector[], piece: string, offset: number, findings: Finding[]): void {
  for (const { kind, detect: find } of detectors) {
    for (const { rule, start, end } of find(piece))
      findings.push({ kind, rule, start: start + offset, end: end + offset });
  }
}

function resolveOverlaps(findings: readonly Finding[]): readonly Finding[] {
  const secrets = merge(findings.filter(({ kind }) => kind === "secret"));
  const data = merge(findings.filter(({ kind }) => kind === "personal_data"));
  const others = findings.filter(({ kind }) => kind !== "secret" && kind !== "personal_data");
  return [...merge([...secrets, ...data]), ...merge(others)];
}

/** Findings in order, with those that overlap taken together. The kind and rule are of the secret, else of the first and longest. */
function merge(findings: readonly Finding[]): readonly Finding[] {
  const sorted = findings.toSorted((left, right) => left.start - right.start || right.end - left.end);
  const merged: Finding[] = [];
  for (const finding of sorted) {
    const last = merged.at(-1);
    if (last === undefined || finding.start >= last.end) merged.push(finding);
    else {
      const named = last.kind !== "secret" && finding.kind === "secret" ? finding : last;
      merged[merged.length - 1] = { ...named, start: last.start, end: Math.max(last.end, finding.end) };
    }
  }
  return merged;
}
