import type { Wire } from "@cloister/core";
import { createObjectNotes, type ObjectNotes } from "../object-notes.ts";
import type { RequestTexts } from "./request-texts.ts";
import type { ScanResult } from "./text-scanner.ts";

/** Parts of requests in which nothing was found: a conversation comes again with each request, and its parts are the same objects then. */
export type CleanParts = {
  of(wire: Wire): ObjectNotes<true>;
  /** Takes in what a scan of a request's texts has shown. */
  learn(wire: Wire, texts: RequestTexts, scan: ScanResult): void;
};

/** Wires differ in what a tool's result is, and there more is looked for: so each has its own. */
export function createCleanParts(): CleanParts {
  const byWire = new Map<Wire, ObjectNotes<true>>();
  const of = (wire: Wire): ObjectNotes<true> => {
    const known = byWire.get(wire) ?? createObjectNotes<true>();
    byWire.set(wire, known);
    return known;
  };
  return {
    of,
    learn(wire, { parts, isWhole }, scan) {
      if (!isWhole || !scan.isWhole) return;
      const clean = of(wire);
      // Mostly there is none, and no set is needed.
      const found = scan.found.length === 0 ? undefined : new Set(scan.found.map(({ part }) => part));
      for (const part of parts) if (found?.has(part) !== true) clean.set(part, true);
    },
  };
}
