/** A name's suite and leaf: `tests/sum.test.js > sum › adds` is the test `adds` of the suite before it. */
type NamedTest = { readonly name: string; readonly suite: string; readonly leaf: string };

const SEPARATORS = [" > ", " › ", "::", "/"] as const;
/** Two names are one test renamed where they share at least this part of their words. */
const SAME_WORDS = 0.34;

/**
 * Which tests of `before` are gone in `after`, those set aside that were only renamed or moved: a suite with as many new tests as
 * lost ones, a new test of similar name in the same suite, or one of the same name elsewhere. Parameters in `[…]` do not count.
 */
export function findRemovedTests(before: readonly string[], after: readonly string[]): string[] {
  const bases = new Set(after.map(withoutParameters));
  const known = new Set(before.map(withoutParameters));
  const removed = [...known].filter((name) => !bases.has(name)).map(toNamedTest);
  const added = [...bases].filter((name) => !known.has(name)).map(toNamedTest);
  const notMoved = cancel(removed, added, (lost, found) => lost.leaf === found.leaf);
  const rest = withoutEvenSuites(notMoved.removed, notMoved.added);
  return cancel(rest.removed, rest.added, isRenamed).removed.map((test) => test.name);
}

type Unmatched = { readonly removed: readonly NamedTest[]; readonly added: readonly NamedTest[] };

/** Pairs each lost test with one new test that it may have become; each new test serves once. */
function cancel(
  removed: readonly NamedTest[],
  added: readonly NamedTest[],
  matches: (lost: NamedTest, found: NamedTest) => boolean,
): Unmatched {
  const left = new Set(added);
  const stillRemoved = removed.filter((lost) => {
    const match = [...left].find((found) => matches(lost, found));
    if (match !== undefined) left.delete(match);
    return match === undefined;
  });
  return { removed: stillRemoved, added: [...left] };
}

/** A suite that lost as many tests as it gained had its tests renamed. */
function withoutEvenSuites(removed: readonly NamedTest[], added: readonly NamedTest[]): Unmatched {
  const count = (tests: readonly NamedTest[]): Map<string, number> =>
    tests.reduce((sums, { suite }) => sums.set(suite, (sums.get(suite) ?? 0) + 1), new Map<string, number>());
  const [lost, found] = [count(removed), count(added)];
  const isUneven = ({ suite }: NamedTest): boolean => lost.get(suite) !== found.get(suite);
  return { removed: removed.filter(isUneven), added: added.filter(isUneven) };
}

function isRenamed(lost: NamedTest, found: NamedTest): boolean {
  if (lost.suite !== found.suite) return false;
  const [left, right] = [toWords(lost.leaf), toWords(found.leaf)];
  const shared = [...left].filter((word) => right.has(word)).length;
  return shared > 0 && shared / (left.size + right.size - shared) >= SAME_WORDS;
}

function toNamedTest(name: string): NamedTest {
  const ends = SEPARATORS.map((separator) => ({ start: name.lastIndexOf(separator), separator }));
  const last = ends.find(({ start }) => start > 0);
  if (last === undefined) return { name, suite: "", leaf: name };
  return { name, suite: name.slice(0, last.start), leaf: name.slice(last.start + last.separator.length) };
}

function withoutParameters(name: string): string {
  const bracket = name.endsWith("]") ? name.indexOf("[") : -1;
  return bracket > 0 ? name.slice(0, bracket) : name;
}

function toWords(leaf: string): Set<string> {
  const spaced = leaf.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return new Set(spaced.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "" && word !== "test"));
}
