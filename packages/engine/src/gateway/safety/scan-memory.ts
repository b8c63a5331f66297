import { hash } from "node:crypto";
import { createLruMap } from "../context/lru-map.ts";
import type { RequestText } from "./request-texts.ts";
import type { Scan } from "./scan-text.ts";

/** Texts whose findings are remembered, and how many findings a text may have for that. */
const MAX_REMEMBERED = 25_000;
const MAX_REMEMBERED_FINDINGS = 200;
/** Characters up to which a text is looked through again: most strings of a request are names and types, and to hash one takes longer. */
const MAX_SHORT = 128;

/** What was found in long texts before. None is kept: a digest stands for it. */
export type ScanMemory = {
  recall(text: RequestText): Scan | undefined;
  remember(text: RequestText, scan: Scan): void;
};

/** Tool results are looked through for more, so that the same text counts as another there. */
export function createScanMemory(): ScanMemory {
  const [ofTools, ofOthers] = [createLruMap<Scan>(MAX_REMEMBERED), createLruMap<Scan>(MAX_REMEMBERED)];
  const digestOf = createDigester();
  return {
    recall: ({ text, isFromTool }) =>
      text.length <= MAX_SHORT ? undefined : (isFromTool ? ofTools : ofOthers).get(digestOf(text)),
    remember: ({ text, isFromTool }, scan) => {
      if (text.length <= MAX_SHORT || scan.findings.length > MAX_REMEMBERED_FINDINGS) return;
      (isFromTool ? ofTools : ofOthers).set(digestOf(text), scan);
    },
  };
}

/** A text that is new is asked for twice: to recall, and to remember it. */
function createDigester(): (text: string) => string {
  let last = { text: "", digest: "" };
  return (text) => {
    if (text !== last.text) last = { text, digest: hash("sha256", text, "base64") };
    return last.digest;
  };
}
