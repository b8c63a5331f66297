import { setImmediate } from "node:timers/promises";
import type { ScopedDetector } from "./detectors.ts";
import type { Finding } from "./finding.ts";
import type { RequestText } from "./request-texts.ts";
import { createScanMemory } from "./scan-memory.ts";
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
  /** Looks through texts. Those that were seen before cost a hash. */
  scan(texts: readonly RequestText[]): Promise<ScanResult>;
};

/** Characters of new text that one request may bring; the rest is left for its next one. */
const MAX_NEW = 16_777_216;
/** ms of looking that one request may cost. */
const MAX_SCAN_MS = 2000;
/** ms after which others get their turn. */
const TURN_MS = 8;

/** Shared, because most texts hold nothing. */
const CLEAN: Scan = { findings: [], isWhole: true };

/** @param load gives the detectors; asked once, with the first text. */
export function createTextScanner(load: () => Promise<readonly ScopedDetector[]>): TextScanner {
  const memory = createScanMemory();
  let loaded: Promise<readonly ScopedDetector[]> | undefined;
  const scanNew = async (requestText: RequestText, budget: Budget): Promise<Scan | undefined> => {
    const { text, isFromTool } = requestText;
    if (text.length > budget.characters || budget.ms <= 0) return undefined;
    budget.characters -= text.length;
    loaded ??= load();
    const detectors = (await loaded).filter(({ isForTools }) => isFromTool || !isForTools);
    const before = budget.ms;
    const scan = await finish(scanText(text, detectors), budget);
    // A text that takes this long by itself would do so each time; one that merely came late is looked at with the next request.
    const isDone = scan.isWhole || before - budget.ms > MAX_SCAN_MS / 2;
    if (isDone) memory.remember(requestText, scan);
    return scan;
  };
  return {
    scan: async (texts) => {
      const budget: Budget = { characters: MAX_NEW, ms: MAX_SCAN_MS, turnStarted: performance.now() };
      const found: ScannedText[] = [];
      let isWhole = true;
      for (const text of texts) {
        const scan = memory.recall(text) ?? (await scanNew(text, budget));
        isWhole &&= scan?.isWhole ?? false;
        if (scan !== undefined && scan.findings.length > 0) found.push({ ...text, findings: scan.findings });
        if (isTurnOver(budget)) await giveWay(budget);
      }
      return { found, isWhole };
    },
  };
}

/** What a request may still cost, and since when (ms) it has not given way. Changes as it is spent. */
type Budget = { characters: number; ms: number; turnStarted: number };

/** Runs a scan to its end, or until the time is up, letting others run in between. */
async function finish(scan: ReturnType<typeof scanText>, budget: Budget): Promise<Scan> {
  for (;;) {
    const started = performance.now();
    const step = scan.next(budget.ms > 0);
    budget.ms -= performance.now() - started;
    if (step.done === true) return isClean(step.value) ? CLEAN : step.value;
    if (isTurnOver(budget)) await giveWay(budget);
  }
}

function isClean({ findings, isWhole }: Scan): boolean {
  return isWhole && findings.length === 0;
}

function isTurnOver({ turnStarted }: Budget): boolean {
  return performance.now() - turnStarted > TURN_MS;
}

async function giveWay(budget: Budget): Promise<void> {
  await setImmediate();
  budget.turnStarted = performance.now();
}
