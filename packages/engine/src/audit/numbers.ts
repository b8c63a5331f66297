/**
 * A number as people write it: `13,659`, `4.5`. It begins where its digits begin, and its length is bounded: a line of digits
 * must not cost the square of its length.
 */
export const NUMBER: string = String.raw`(?<![\d.]|\d,)(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.\d{1,6})?`;

const FACTORS: Readonly<Record<string, number>> = { k: 1000, m: 1_000_000 };

/** The value of `text`, which {@link NUMBER} matches, times what a suffix of `K` or `M` says. */
export function toNumber(text: string, suffix: string = ""): number {
  return Number(text.replaceAll(",", "")) * (FACTORS[suffix.toLowerCase()] ?? 1);
}

/** Tells whether `actual` is what was said, given that it was rounded to `digits` decimals. */
export function roundsTo(actual: number, said: number, digits: number): boolean {
  return Math.abs(actual - said) <= 0.5 * 10 ** -digits + 1e-9;
}

/** Decimals of a number as it was written. */
export function decimalsOf(text: string): number {
  return /\.(\d+)$/.exec(text)?.[1]?.length ?? 0;
}

/** Tells whether two numbers agree, `share` of the greater apart at most. */
export function isNear(left: number, right: number, share: number): boolean {
  return Math.abs(left - right) <= share * Math.max(Math.abs(left), Math.abs(right)) + 1e-9;
}
