import type { ScopedDetector } from "./detectors.ts";
import type { Finding, FindingKind, Match } from "./finding.ts";

/** Characters that are looked at in one go: even text made to slow the rules down holds the process up for some 40 ms at most. */
const PIECE = 16_384;
/** Characters that two pieces share, so that what lies across their border is whole in one of them. */
const OVERLAP = 2048;

/** Findings of one text at most, so that one made of nothing else is no burden. */
const MAX_FINDINGS = 20_000;

/** What was found in a text. `isWhole` is false where it was not looked through to its end. */
export type Scan = { readonly findings: readonly Finding[]; readonly isWhole: boolean };

/**
 * Looks through one text, piece by piece; the generator pauses after each, so that its caller can let others run. It is resumed
 * with `true` to go on, and with `false` to end it with what was found so far.
 * Findings of one kind that overlap are one; personal data that is part of a secret (the host of a URL with a password) is left out.
 */
export function* scanText(text: string, detectors: readonly ScopedDetector[]): Generator<undefined, Scan, boolean> {
  const findings: Finding[] = [];
  const add = (kind: FindingKind, matches: readonly Match[], offset: number): void => {
    for (const { rule, start, end } of matches) findings.push({ kind, rule, start: start + offset, end: end + offset });
  };
  for (const { kind, detect } of detectors.filter(({ isForWholes }) => isForWholes)) add(kind, detect(text), 0);
  const forPieces = detectors.filter(({ isForWholes }) => !isForWholes);
  let isWhole = false;
  for (let start = 0; !isWhole; start += PIECE - OVERLAP) {
    const piece = text.slice(start, start + PIECE);
    for (const { kind, detect } of forPieces) add(kind, detect(piece), start);
    isWhole = start + PIECE >= text.length;
    if (!(yield) || findings.length > MAX_FINDINGS) break;
  }
  return { findings: resolveOverlaps(findings), isWhole };
}

function resolveOverlaps(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length === 0) return findings;
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
