import { describeRejection } from "../prompt/compose.ts";
import type { IterationVerdict } from "../run/event.ts";
import { toPlainLine } from "./plain-text.ts";

const REASON_CHARS = 300;

/** Why an iteration was not accepted, on one line; empty where it was, or where nothing was claimed. */
export function describeVerdict(verdict: IterationVerdict | undefined): string {
  if (verdict?.type === "failed") return toPlainLine(`${verdict.failure}: ${verdict.message}`, REASON_CHARS);
  if (verdict?.type !== "rejected") return "";
  return toPlainLine(
    verdict.because.map((reason) => describeRejection(reason).replace(/^- /, "")).join("; "),
    REASON_CHARS,
  );
}
