import { hash } from "node:crypto";
import { createLruMap } from "../context/lru-map.ts";
import type { RequestText } from "./request-texts.ts";
import type { Scan } from "./scan-text.ts";

/** Texts whose findings are remembered, and how many findings a text may have for that. */
const MAX_REMEMBERED = 25_000;
const MAX_REMEMBERED_FINDINGS = 200;
/**
 * Characters up to which a text that holds nothing names itself: most strings of a request are names and types. One that does hold something
 * is not remembered: it is short enough to be looked through again.
 */
const MAX_SHORT = 64;

/** What was found in texts before. Texts in which something was found, and long ones, are not kept: a digest stands for those that are long. */
export type ScanMemory = {
  recall(text: RequestText): Scan | undefined;
  remember(text: RequestText, scan: Scan): void;
};

/** Tool results are looked through for more, so that the same text counts as another there. */
export function createScanMemory(): ScanMemory {
  const [ofTools, ofOthers] = [createTextMap(), createTextMap()];
  return {
    recall: ({ text, isFromTool }) => (isFromTool ? ofTools : ofOthers).get(text),
    remember: ({ text, isFromTool }, scan) => {
      if (scan.findings.length <= MAX_REMEMBERED_FINDINGS) (isFromTool ? ofTools : ofOthers).set(text, scan);
    },
  };
}

type TextMap = { get(text: string): Scan | undefined; set(text: string, scan: Scan): void };

function createTextMap(): TextMap {
  const short = createLruMap<Scan>(MAX_REMEMBERED);
  const digested = createLruMap<Scan>(MAX_REMEMBERED);
  const digestOf = createDigester();
  return {
    get: (text) => (text.length <= MAX_SHORT ? short.get(text) : digested.get(digestOf(text))),
    set: (text, scan) => {
      if (text.length > MAX_SHORT) digested.set(digestOf(text), scan);
      else if (scan.findings.length === 0) short.set(text, scan);
    },
  };
}

/** BLAKE2b is as safe as SHA-256, and takes little more than half as long. A text that is new is asked for twice: to recall, and to remember it. */
function createDigester(): (text: string) => string {
  let last = { text: "", digest: "" };
  return (text) => {
    if (text !== last.text) last = { text, digest: hash("blake2b512", text, "base64") };
    return last.digest;
  };
}
