import { addMoney, type MicroUsd } from "../money.ts";
import type { Amount } from "./request-event.ts";

/** Adds two amounts exactly. */
export function addAmount(left: Amount, right: Amount): Amount {
  return { cost: addMoney(left.cost, right.cost), tokens: left.tokens + right.tokens };
}

/** Takes `right` from `left`. */
export function subtractAmount(left: Amount, right: Amount): Amount {
  return { cost: (left.cost - right.cost) as MicroUsd, tokens: left.tokens - right.tokens };
}

/**
 * Makes sure that an amount can be booked: one NaN in a sum, and no limit is ever reached again.
 * @throws RangeError where a part is not a whole number ≥ 0 that sums exactly.
 */
export function assertAmount({ cost, tokens }: Amount): void {
  if (isCount(cost) && isCount(tokens)) return;
  throw new RangeError(`Expected an amount in whole numbers from 0, got ${cost} micro-dollars and ${tokens} tokens.`);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
