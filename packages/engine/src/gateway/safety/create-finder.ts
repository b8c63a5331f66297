import type { Detector, Match } from "./finding.ts";

/**
 * A detector of all matches of `pattern`, or of its group `value` where it has one, that `isReal` takes for real.
 * @param pattern with the flags `g` and `d`.
 */
export function createFinder(
  rule: string,
  pattern: RegExp,
  isReal: (value: string, start: number, text: string) => boolean = () => true,
): Detector {
  // Most texts hold nothing, and to find that out takes half as long where no places are asked for.
  const probe = new RegExp(pattern.source, pattern.flags.replaceAll(/[dg]/g, ""));
  return (text) => {
    if (!probe.test(text)) return [];
    return [...text.matchAll(pattern)].flatMap((found): readonly Match[] => {
      const [start, end] = found.indices?.groups?.["value"] ?? [found.index, found.index + found[0].length];
      return isReal(text.slice(start, end), start, text) ? [{ rule, start, end }] : [];
    });
  };
}
