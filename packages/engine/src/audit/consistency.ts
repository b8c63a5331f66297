import { contradicted, type Judgement } from "./claim.ts";
import type { Quantity } from "./rule.ts";

/** A quantity with the line that states it, judged by evidence alone. */
export type Stated = { readonly line: number; readonly quantity?: Quantity; readonly judgement: Judgement };

/** Lines named in a reason; there may be very many. */
const MOST_LINES = 5;

/** Where each value of one quantity stands. */
type Places = ReadonlyMap<number, ReadonlySet<number>>;

/**
 * Judges what a document says of one thing in several places. Where the places disagree, each that has no evidence of its own is
 * contradicted by the others.
 */
export function checkConsistency(all: readonly Stated[]): Judgement[] {
  const places = new Map<string, Map<number, Set<number>>>();
  for (const { quantity, line } of all) {
    if (quantity === undefined) continue;
    const values = places.get(quantity.name) ?? new Map<number, Set<number>>();
    places.set(quantity.name, values.set(quantity.value, (values.get(quantity.value) ?? new Set()).add(line)));
  }
  return all.map(({ quantity, judgement }) => {
    if (quantity === undefined || judgement.verdict !== "without_evidence") return judgement;
    return disagree(quantity.value, places.get(quantity.name) ?? new Map()) ?? judgement;
  });
}

function disagree(value: number, places: Places): Judgement | undefined {
  const others = [...places].filter(([other]) => other !== value);
  if (others.length === 0) return undefined;
  const lines = others.flatMap(([, at]) => [...at]).slice(0, MOST_LINES);
  const values = others.slice(0, MOST_LINES).map(([other]) => other.toLocaleString("en-US"));
  const where = `${lines.length === 1 ? "line" : "lines"} ${lines.join(", ")}`;
  return contradicted(`the document says ${values.join(" and ")} elsewhere (${where})`, { lines });
}
