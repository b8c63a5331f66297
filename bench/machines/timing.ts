import type { Round } from "../measurement.ts";

/** How long something took, in ms, and what came of it. */
export type Timed<Value> = { readonly ms: number; readonly value: Value };

/** Takes the time of `act`. */
export async function timed<Value>(act: () => Promise<Value>): Promise<Timed<Value>> {
  const from = performance.now();
  const value = await act();
  return { ms: performance.now() - from, value };
}

/** Runs `act` as often as told, one after the other. @param act is given 0, 1, 2, … */
export async function repeat<Value>(count: number, act: (index: number) => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let index = 0; index < count; index += 1) values.push(await act(index));
  return values;
}

/** Takes Cloister's time and the peer's in turns. */
export async function takeTurns(
  count: number,
  cloister: () => Promise<unknown>,
  peer: () => Promise<unknown>,
): Promise<Round[]> {
  const pairs = await repeat(count, async () => [(await timed(cloister)).ms, (await timed(peer)).ms] as const);
  return [{ cloister: pairs.map(([ours]) => ours), peer: pairs.map(([, theirs]) => theirs) }];
}

/** Figures that nothing stands beside. */
export function alone(...values: readonly number[]): Round[] {
  return [{ cloister: values, peer: [] }];
}
