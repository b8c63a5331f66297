/** What shows that something is so. */
export type Evidence = {
  /** Positions of journal events, from 1, ascending. */
  readonly positions: readonly number[];
  /** A command that says it again, to be run in the repository. */
  readonly command?: string;
};

/** A value with what shows it (I11): a report holds no number of another kind. */
export type Fact<Value> = { readonly value: Value; readonly evidence: Evidence };

/** Evidence from `positions`, in any order; those that are undefined (the event has not happened) are left out. */
export function toEvidence(positions: readonly (number | undefined)[], command?: string): Evidence {
  const known = [...new Set(positions.filter((position) => position !== undefined))];
  return { positions: known.sort((left, right) => left - right), ...(command === undefined ? {} : { command }) };
}

/** A value with its evidence. */
export function toFact<Value>(value: Value, positions: readonly (number | undefined)[], command?: string): Fact<Value> {
  return { value, evidence: toEvidence(positions, command) };
}
