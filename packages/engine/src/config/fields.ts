import { fromUsd, parseDuration, type MicroUsd } from "@cloister/core";
import { z } from "zod";
import { describeUnknown } from "./suggest.ts";

/** Timers of the platform end at 2³¹ − 1 ms; longer ones would fire at once. */
const MAX_DURATION_MS = 24 * 86_400_000;
const MAX_USD = 1_000_000;
const MAX_TEXT = 10_000;
const TOKEN_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1000, m: 1_000_000 };

/** An object that refuses keys it does not know, and says which it knows. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? describeUnknown(issue.keys[0] ?? "", known) : "expected keys with values",
  });
}

/** Text that is not blank, trimmed. `expected` completes "expected …". */
export function text(expected: string): z.ZodType<string, string> {
  const error = `expected ${expected}`;
  return z
    .string({ error })
    .trim()
    .min(1, { error })
    .max(MAX_TEXT, { error: `${error} of ${MAX_TEXT} characters at most` });
}

/** A whole number from `least` on. */
export function count(least: number): z.ZodType<number, number> {
  const error = `expected a whole number from ${least} on`;
  return z.int({ error }).min(least, { error });
}

/** True or false. */
export const flag: z.ZodType<boolean, boolean> = z.boolean({ error: "expected true or false" });

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]): z.ZodType<Word, Word> {
  return z.enum(words, { error: (issue) => `expected ${words.join(", ")}${meant(issue.input, words)}` });
}

function meant(input: unknown, words: readonly string[]): string {
  const hint = typeof input === "string" ? /Did you mean .*\?$/.exec(describeUnknown(input, words)) : null;
  return hint === null ? "" : ` (${hint[0].replace("?", "").toLowerCase()}?)`;
}

/** A duration as `90s` or `1h30m`, or a number of seconds; becomes milliseconds. */
export function duration(leastMs: number = 1): z.ZodType<number, string | number> {
  const least = leastMs > 0 ? ", longer than 0" : "";
  const error = `expected a duration such as 90s, 15m or 1h30m${least} and at most 24d`;
  return z.union([z.string(), z.number()], { error }).transform((value, context) => {
    const milliseconds = parseDuration(String(value));
    if (milliseconds !== undefined && milliseconds >= leastMs && milliseconds <= MAX_DURATION_MS) return milliseconds;
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  });
}

/** An amount of US dollars as `20`, `"20"` or `"$2.50"`. */
export function money(): z.ZodType<MicroUsd, string | number> {
  const error = `expected US dollars such as 20 or "$2.50", more than 0 and at most ${MAX_USD}`;
  return z.union([z.string(), z.number()], { error }).transform((value, context) => {
    const usd = /^\$?\d+(\.\d+)?$/.test(String(value)) ? Number(String(value).replace("$", "")) : 0;
    if (usd >= 1e-6 && usd <= MAX_USD) return fromUsd(usd);
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  });
}

/** A number of tokens as `200000`, `500k` or `2M`. */
export function tokens(): z.ZodType<number, string | number> {
  const error = "expected a number of tokens such as 200000, 500k or 2M";
  return z.union([z.string(), z.number()], { error }).transform((value, context) => {
    const [, digits, unit = ""] = /^(\d{1,15}(?:\.\d{1,6})?)([kKmM]?)$/.exec(String(value)) ?? [];
    const number = Number(digits) * (TOKEN_UNITS[unit.toLowerCase()] ?? 1);
    if (Number.isSafeInteger(number) && number > 0) return number;
    context.addIssue({ code: "custom", message: error });
    return z.NEVER;
  });
}

/** A part of a whole: above 0, 1 at most. */
export function share(): z.ZodType<number, number> {
  const error = "expected a number above 0 and at most 1, such as 0.8";
  return z.number({ error }).gt(0, { error }).max(1, { error });
}

/** One text, or a list of texts. */
export function texts(expected: string): z.ZodType<readonly string[], string | string[]> {
  const one = text(expected);
  const error = `expected ${expected}, or a list of them`;
  return z.union([one.transform((value) => [value]), z.array(one, { error }).max(1000)], { error });
}

/** Without the properties that are undefined: what `exactOptionalPropertyTypes` wants. */
export function compact<Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never;
}
