import type { Brand } from "./brand.ts";

/** An amount of money in millionths of a US dollar, an integer: sums stay exact. */
export type MicroUsd = Brand<number, "MicroUsd">;

/** Converts dollars to micro-dollars, rounded to the nearest. */
export function fromUsd(usd: number): MicroUsd {
  return Math.round(usd * 1e6) as MicroUsd;
}

/** Converts micro-dollars to dollars. */
export function toUsd(amount: MicroUsd): number {
  return amount / 1e6;
}

/** Adds two amounts exactly. */
export function addMoney(left: MicroUsd, right: MicroUsd): MicroUsd {
  return (left + right) as MicroUsd;
}

/** Formats an amount for people: `$0.0162`; four decimals under a dollar, two above. */
export function describeMoney(amount: MicroUsd): string {
  const usd = toUsd(amount);
  return `$${usd.toFixed(usd !== 0 && Math.abs(usd) < 1 ? 4 : 2)}`;
}
