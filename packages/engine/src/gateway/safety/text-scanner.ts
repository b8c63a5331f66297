import { setImmediate } from "node:timers/promises";
import { chooseDetectors, type ScopedDetector } from "./detectors.ts";
import type { Finding } from "./finding.ts";
import type { RequestText } from "./request-texts.ts";
import { createScanMemory, type ScanMemory } from "./scan-memory.ts";
import { type Scan, scanText } from "./scan-text.ts";

/** A text in which something was found. */
export type ScannedText = RequestText & { readonly findings: readonly Finding[] };

export type ScanResult = {
  /** In the order of the texts. */
  readonly found: readonly ScannedText[];
  /** False where a limit was reached, and some text was left out. */
  readonly isWhole: boolean;
};

export type TextScanner = {
  /** Looks through texts. Long ones that were seen before cost a hash. */
  scan(texts: readonly RequestText[]): Promise<ScanResult>;
};

/** Characters of new text that one request may bring; the rest is left for its next one. */
const MAX_NEW = 16_777_216;
/** ms of looking that one request may cost. */
const MAX_SCAN_MS = 2000;
/** ms after which others get their turn. */
const TURN_MS = 8;

const LEFT_OUT: Scan = { findings: [], isWhole: false };
const NOTHING_FOUND: ScanResult = { found: [], isWhole: true };

/**
 * @param load gives the detectors; asked once, with the first text.
 * @param now ms, monotonic.
 */
export function createTextScanner(
  load: () => Promise<readonly ScopedDetector[]>,
  now: () => number = () => performance.now(),
): TextScanner {
  const memory = createScanMemory();
  let loading: Promise<ScanOne> | undefined;
  const loadScan = async (): Promise<ScanOne> => {
    const detectors = await load();
    const [ofTools, ofOthers] = [chooseDetectors(detectors, true), chooseDetectors(detectors, false)];
    return ({ text, isFromTool }) => scanText(text, isFromTool ? ofTools : ofOthers);
  };
  return {
    scan: async (texts) =>
      texts.length === 0 ? NOTHING_FOUND : run(scanAll(texts, await (loading ??= loadScan()), memory), now),
  };
}

type Steps<Result> = Generator<undefined, Result, number>;
type ScanOne = (text: RequestText) => Steps<Scan>;

/** Pauses after each text, and within long ones. It is resumed with the ms that it has left. */
function* scanAll(texts: readonly RequestText[], scanOne: ScanOne, memory: ScanMemory): Steps<ScanResult> {
  const found: ScannedText[] = [];
  let [isWhole, characters, ms] = [true, MAX_NEW, MAX_SCAN_MS];
  for (const text of texts) {
    const known = memory.recall(text);
    const isNew = known === undefined && text.text.length <= characters && ms > 0;
    const scan = isNew ? yield* scanOne(text) : (known ?? LEFT_OUT);
    const before = ms;
    ms = yield;
    if (isNew) {
      characters -= text.text.length;
      // A text that takes this long by itself would do so each time; one that merely came late is looked at with the next request.
      if (scan.isWhole || before - ms > MAX_SCAN_MS / 2) memory.remember(text, scan);
    }
    isWhole &&= scan.isWhole;
    if (scan.findings.length > 0) found.push({ ...text, findings: scan.findings });
  }
  return { found, isWhole };
}

/** Runs a scan to its end, letting others run in between. */
async function run(scan: Steps<ScanResult>, now: () => number): Promise<ScanResult> {
  let ms = MAX_SCAN_MS;
  let turnStarted = now();
  for (let step = scan.next(ms); ; step = scan.next(ms - (now() - turnStarted))) {
    if (step.done === true) return step.value;
    const spent = now() - turnStarted;
    if (spent <= TURN_MS) continue;
    ms -= spent;
    await setImmediate();
    turnStarted = now();
  }
}
