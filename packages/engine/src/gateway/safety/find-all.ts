import type { Match } from "./finding.ts";

/**
 * All matches of `pattern`, or of its group `value` where it has one, that `isReal` takes for real.
 * @param pattern with the flags `g` and `d`.
 */
export function findAll(
  text: string,
  rule: string,
  pattern: RegExp,
  isReal: (value: string, start: number) => boolean = () => true,
): Match[] {
  const matches: Match[] = [];
  for (const found of text.matchAll(pattern)) {
    const [start, end] = found.indices?.groups?.["value"] ?? [found.index, found.index + found[0].length];
    if (isReal(text.slice(start, end), start)) matches.push({ rule, start, end });
  }
  return matches;
}
