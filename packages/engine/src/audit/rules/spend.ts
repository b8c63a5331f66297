/** Money, tokens and time. */
import { describeDuration, describeMoney, toUsd, type MicroUsd, type Report } from "@cloister/core";
import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import { decimalsOf, isNear, NUMBER, roundsTo, toNumber } from "../numbers.ts";
import type { JournalView } from "../journal-view.ts";
import type { Rule, Sighting } from "../rule.ts";

const MONEY = new RegExp(String.raw`\$\s?(${NUMBER})(?![\d.,]*\s?(?:\/|per\b|[KM]\b))`, "gi");
const TOKENS = new RegExp(String.raw`(~)?(${NUMBER})\s?([KM])?\s+(?:(?:input|output|total|cached)\s+)?tokens?\b`, "gi");
const TIME_WORD =
  /\b(?:took|duration|run ?time|elapsed|time spent|total time|completed in|finished in|running time)\b/i;
const TIME = /(?<![\d.])(\d{1,9}(?:\.\d{1,3})?)\s*(hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b(?!\s*[-/])/gi;
const PLANNED = /\b(?:estimate\w*|expected|planned|will|would|should|limit|budget of|timeline)\b/i;
const MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
/** Figures that are said to be rough, and times, which are rounded by whoever tells them. */
const ROUGHLY = 0.1;

/** What the run cost. */
export const costRule: Rule = (line) =>
  PLANNED.test(line.text) || line.fenced
    ? []
    : [...line.text.matchAll(MONEY)].map(([text, number = ""]) =>
        spend("cost", text, ({ report, cite }) => {
          const { total, complete } = report.cost;
          const isSaid = (cost: MicroUsd): boolean => roundsTo(toUsd(cost), toNumber(number), decimalsOf(number));
          const one = line.cells.length > 0 ? report.iterations.rows.find(({ cost }) => isSaid(cost.value)) : undefined;
          if (one !== undefined) return supported(`iteration ${one.iteration} cost so much`, cite(one.cost.evidence));
          const agrees = isSaid(total.value);
          const lacking = complete.value ? "" : ", without what could not be priced";
          return verdict(
            agrees,
            `the journal adds up to ${describeMoney(total.value)}${lacking}`,
            cite(total.evidence),
          );
        }),
      );

/** How many tokens the run took. */
export const tokenRule: Rule = (line) =>
  PLANNED.test(line.text) || line.fenced
    ? []
    : [...line.text.matchAll(TOKENS)].map(([text, about, number = "", suffix]) =>
        spend("tokens", text.trim(), ({ report, cite }) => {
          const said = toNumber(number, suffix);
          const isRough = about !== undefined || suffix !== undefined;
          const counts = Object.values(report.tokens).map(({ value }) => value);
          const agrees = counts.some((count) => (isRough ? isNear(count, said, ROUGHLY) : count === said));
          const { total } = report.tokens;
          return verdict(agrees, `the journal counts ${total.value.toLocaleString("en-US")}`, cite(total.evidence));
        }),
      );

/** How long the run took. */
export const durationRule: Rule = (line) => {
  const text = TIME_WORD.exec(line.text)?.[0];
  if (text === undefined || line.fenced || PLANNED.test(line.text)) return [];
  const parts = [...line.text.slice(line.text.indexOf(text)).matchAll(TIME)].slice(0, 3);
  const said = parts.reduce(
    (sum, [, number, unit = ""]) => sum + Number(number) * (MS[unit[0]?.toLowerCase() ?? ""] ?? 0),
    0,
  );
  if (parts.length === 0) return [];
  const words = `${text}: ${parts.map(([part]) => part).join(" ")}`;
  return [spend("duration", words, (journal) => judgeDuration(journal.report, said, journal.cite))];
};

function judgeDuration({ runtimeMs }: Report, said: number, cite: JournalView["cite"]): Judgement {
  const agrees = isNear(runtimeMs.value, said, ROUGHLY);
  return verdict(agrees, `by the journal the run took ${describeDuration(runtimeMs.value)}`, cite(runtimeMs.evidence));
}

function spend(kind: Sighting["kind"], text: string, judge: (journal: JournalView) => Judgement): Sighting {
  return {
    kind,
    text,
    judge: ({ journal }) =>
      journal === undefined ? withoutEvidence("there is no journal of the run") : judge(journal),
  };
}

function verdict(agrees: boolean, why: string, evidence: Judgement["evidence"]): Judgement {
  return (agrees ? supported : contradicted)(why, evidence);
}
