import type { Evidence, Fact } from "@cloister/core";
import type { Inline, Line } from "./document.ts";

/** References to the events of some evidence. */
export function refs({ positions }: Evidence): Inline {
  return { refs: positions };
}

/** A fact in a cell: its words, then its references. */
export function cell<Value>(fact: Fact<Value> | undefined, toWord: (value: Value) => Inline): Line {
  return fact === undefined ? ["–"] : [toWord(fact.value), refs(fact.evidence)];
}
