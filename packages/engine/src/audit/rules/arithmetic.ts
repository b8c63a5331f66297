/** Sums that a report does itself: they need no evidence but a calculator. */
import { contradicted, supported, type Judgement } from "../claim.ts";
import { decimalsOf, NUMBER, roundsTo, toNumber } from "../numbers.ts";
import type { Rule, Sighting } from "../rule.ts";

/** What may stand between a fraction and its percentage, as in `7.5/8 tasks complete (94%)`. */
const BETWEEN = String.raw`[^|\d%]{0,40}?(?:=|\(|:)\s*(?:~\s*)?`;
const SHARE = new RegExp(
  String.raw`(?<![\d./])(${NUMBER})\s*\/\s*(${NUMBER})(?![\d.]*\/)${BETWEEN}(${NUMBER})\s?%`,
  "g",
);
const OF_SHARE = new RegExp(String.raw`\b(${NUMBER})\s+iterations?\s+\((${NUMBER})\s?%\s+of\s+(${NUMBER})`, "gi");
const GROWTH = new RegExp(String.raw`(${NUMBER})\s*(?:→|->|to)\s*(${NUMBER})\s+\w+\s*\(([+-−])(${NUMBER})\)`, "g");

/** `7.5/8 = 94%`, `3 iterations (15% of 20)`, `6 → 257 lines (+251)`. */
export const arithmeticRule: Rule = ({ text }) => [
  ...[...text.matchAll(SHARE)].map(([said, part = "", whole = "", percent = ""]) =>
    share(said, [part, whole, percent]),
  ),
  ...[...text.matchAll(OF_SHARE)].map(([said, part = "", percent = "", whole = ""]) =>
    share(said, [part, whole, percent]),
  ),
  ...[...text.matchAll(GROWTH)].map(([said, from = "", to = "", sign, by = ""]) =>
    sum(said, () => {
      const actual = toNumber(to) - toNumber(from);
      const agrees = Math.abs(actual) === toNumber(by) && actual >= 0 === (sign === "+");
      return (agrees ? supported : contradicted)(`${to} − ${from} = ${actual}`);
    }),
  ),
];

function share(said: string, [part = "", whole = "", percent = ""]: readonly string[]): Sighting {
  return sum(said, () => {
    if (toNumber(whole) === 0) return contradicted("nothing is a share of nothing");
    const actual = (100 * toNumber(part)) / toNumber(whole);
    const why = `${part} / ${whole} = ${Number(actual.toFixed(2))}%`;
    return (roundsTo(actual, toNumber(percent), decimalsOf(percent)) ? supported : contradicted)(why);
  });
}

function sum(text: string, judge: () => Judgement): Sighting {
  return { kind: "arithmetic", text, judge };
}
