import { hash, randomBytes } from "node:crypto";
import type { RequestSignal } from "@cloister/core";
import { createLruMap } from "../context/lru-map.ts";
import type { SafetyAction } from "../policy.ts";
import { toSignal, toSummarySignal, toUnscannedSignal } from "./describe-finding.ts";
import type { Finding, FindingKind } from "./finding.ts";
import type { ScannedText } from "./text-scanner.ts";

/** Findings of runs that are remembered as told. */
const MAX_TOLD = 50_000;
/** Signals that one request may bring; the rest is summed up. */
const MAX_SIGNALS = 20;
/** Different findings of one request that are told apart at all. */
const MAX_DIFFERENT = 2000;

type Actions = Readonly<Record<FindingKind, SafetyAction>>;

/** Turns findings into signals, each once a run: agents send their history again with each request. */
export type SignalLog = {
  tell(run: string, found: readonly ScannedText[]): readonly RequestSignal[];
  /** That part of a request was not looked at. */
  tellUnscanned(run: string): readonly RequestSignal[];
};

export function createSignalLog(actions: Actions): SignalLog {
  const told = createLruMap<true>(MAX_TOLD);
  // Hashed with a key that is in memory only: the bare hash of a telephone number can be turned back by trying them all.
  const key = randomBytes(32).toString("base64");
  const isNew = (name: string): boolean => {
    const isKnown = told.get(name) === true;
    told.set(name, true);
    return !isKnown;
  };
  const toFreshSignal = (run: string, { finding, place, value }: Different): RequestSignal | undefined => {
    const { kind, rule } = finding;
    const action = actions[kind];
    const fingerprint = hash("sha256", `${key}${value}`).slice(0, 8);
    const isTold = action === "off" || !isNew(`${kind} ${rule} ${fingerprint} ${run}`);
    return isTold ? undefined : toSignal(finding, place, action, fingerprint);
  };
  return {
    tell: (run, found) => {
      if (found.length === 0) return [];
      const signals = findDifferent(found).map((each) => toFreshSignal(run, each));
      const fresh = signals.filter((signal) => signal !== undefined);
      return [...fresh.slice(0, MAX_SIGNALS), ...sumUp(fresh.slice(MAX_SIGNALS))];
    },
    tellUnscanned: (run) => {
      const kinds = Object.keys(actions) as FindingKind[];
      const kind = kinds.find((each) => actions[each] !== "off");
      return kind !== undefined && isNew(`unscanned ${run}`) ? [toUnscannedSignal(kind)] : [];
    },
  };
}

/** A finding, where it was found first, and what was found. */
type Different = { readonly finding: Finding; readonly place: string; readonly value: string };

/** The findings of a request, equal ones once. */
function findDifferent(found: readonly ScannedText[]): readonly Different[] {
  const different = new Map<string, Different>();
  for (const { text, place, findings } of found) {
    for (const finding of findings) {
      if (different.size >= MAX_DIFFERENT) return [...different.values()];
      const value = text.slice(finding.start, finding.end);
      const name = `${finding.rule} ${value}`;
      if (!different.has(name)) different.set(name, { finding, place, value });
    }
  }
  return [...different.values()];
}

function sumUp(rest: readonly RequestSignal[]): readonly RequestSignal[] {
  const byKind = Map.groupBy(rest, ({ kind }) => kind);
  return [...byKind.values()].flatMap((signals) =>
    signals.slice(0, 1).map((signal) => toSummarySignal(signal, signals.length)),
  );
}
