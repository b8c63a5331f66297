import type { Detector, Match } from "./finding.ts";

/** Gives all matches of a pattern. */
type Matcher = (text: string) => readonly RegExpExecArray[];

/**
 * Most texts hold nothing, and to find that out takes half as long where neither all matches nor their places are asked for.
 * @param pattern with the flag `g`.
 */
export function createMatcher(pattern: RegExp): Matcher {
  const probe = new RegExp(pattern.source, pattern.flags.replaceAll(/[dg]/g, ""));
  return (text) => (probe.test(text) ? [...text.matchAll(pattern)] : []);
}

/**
 * A detector of all matches of `pattern`, or of its group `value` where it has one, that `isReal` takes for real.
 * @param pattern with the flags `g` and `d`.
 */
export function createFinder(
  rule: string,
  pattern: RegExp,
  isReal: (value: string, start: number, text: string) => boolean = () => true,
): Detector {
  const findAll = createMatcher(pattern);
  return (text) =>
    findAll(text).flatMap((found): readonly Match[] => {
      const [start, end] = found.indices?.groups?.["value"] ?? [found.index, found.index + found[0].length];
      return isReal(text.slice(start, end), start, text) ? [{ rule, start, end }] : [];
    });
}
