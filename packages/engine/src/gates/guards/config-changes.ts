import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { addedLines } from "./change.ts";
import { isVacuous } from "./gate-vacuous.ts";
import type { GateUsage } from "./gate-usage.ts";
import { maskSource } from "./mask.ts";

const Json = z.record(z.string(), z.unknown());
type Json = z.infer<typeof Json>;

/** Keys of `package.json` that configure a test runner. */
const RUNNER_KEYS = ["jest", "mocha", "ava", "vitest", "nyc", "c8", "tap"] as const;
const LOOSER_LINT =
  /\boff\b|:\s*0\b|"(?:warn|allow)"|\bignore|\bexclude|\bdisable|per-file|\ballow_untyped|\bfollow_imports|max-?\w{0,30}\s*[=:]|=\s*[fF]alse\b/;
const NARROWER =
  /\b(?:\w*ignore\w*|exclude|addopts|deselect|collect_ignore|testpaths|testMatch|testRegex|testNamePattern|grep|forbidOnly|passWithNoTests|bail|reporter|include|norecursedirs|python_files|default-filter)\b/i;
const CI_COMMAND =
  /^\s*-?\s*(?:run|script|command):|^\s*(?:-\s*)?(?:npm|npx|pnpm|yarn|bun|node|pytest|python3?|tox|nox|uv|poetry|cargo|go|make|mvn|\.\/\w+)\b(?!:)/;
/** Compiler options that find faults where they are on. */
const STRICT_OPTIONS =
  /^(strict\w*|no(Implicit|Unchecked|Unused|Fallthrough|PropertyAccess)\w*|exactOptionalPropertyTypes|alwaysStrict|checkJs|useUnknownInCatchVariables|isolated\w+)$/;
const LAX_OPTIONS = /^(skipLibCheck|allowUnreachableCode|allowUnusedLabels|suppress\w+|noCheck)$/;

/** What a `package.json` changes of how gates run: scripts that they use, runner settings. Undefined: nothing. */
export function readPackageChange(before: string, after: string, usage: GateUsage): string | undefined {
  const [old, now] = [parseJson(before), parseJson(after)];
  if (old === undefined || now === undefined) return undefined; // New, gone or broken: the gates' own verdicts tell.
  const [oldScripts, nowScripts] = [
    Json.safeParse(old["scripts"]).data ?? {},
    Json.safeParse(now["scripts"]).data ?? {},
  ];
  const script = [...usage.scripts].find((name) => isScriptChanged(oldScripts[name], nowScripts[name]));
  if (script !== undefined) return `script "${script}", which a gate runs`;
  const key = RUNNER_KEYS.find(
    (name) =>
      !isDeepStrictEqual(old[name], now[name]) &&
      (old[name] !== undefined || isRunnerNarrowed(JSON.stringify(now[name]))),
  );
  return key === undefined ? undefined : `the settings of ${key}`;
}

/** A script that was not there, or a placeholder, may be written; one that is there may not be changed. */
function isScriptChanged(before: unknown, after: unknown): boolean {
  if (typeof before !== "string" || isVacuous(before) || before.includes("no test specified")) return false;
  return before !== after;
}

/** Tells whether CI runs less: a command is gone or changed, or a step is left out. New versions of actions are no such thing. */
export function isCiLoosened(before: string, after: string): boolean {
  return (
    addedLines(after, before).some(({ text }) => CI_COMMAND.test(text)) ||
    addedLines(before, after).some(({ text }) => /^\s*-?\s*if:\s*(?:false|\$\{\{\s*false)/.test(text))
  );
}

/** Tells whether a new runner configuration may leave tests out. */
export function isRunnerNarrowed(text: string): boolean {
  return NARROWER.test(text);
}

/** Tells whether linter settings find less: a line is gone or changed, or a new one switches something off. */
export function isLintLoosened(before: string, after: string): boolean {
  const toRules = (text: string): string =>
    text
      .split("\n")
      .map((line) => line.trim().replace(/,$/, ""))
      .join("\n");
  const isRule = ({ text }: { text: string }): boolean => /[\w]/.test(text) && !/^\s*(#|\/\/|\*|\/\*)/.test(text);
  const [old, now] = [toRules(before), toRules(after)];
  const isGone = addedLines(now, old).some(isRule);
  return (isGone && before !== "") || addedLines(old, now).some((line) => isRule(line) && LOOSER_LINT.test(line.text));
}

/** Tells whether a `tsconfig.json` lets more pass: an option that finds faults is off, files are left out. */
export function isTypeScriptLoosened(before: string, after: string): boolean {
  const [old, now] = [parseJson(before), parseJson(after)];
  if (old === undefined || now === undefined) return before !== "" && now === undefined && before !== after;
  const [options, newOptions] = [
    Json.safeParse(old["compilerOptions"]).data ?? {},
    Json.safeParse(now["compilerOptions"]).data ?? {},
  ];
  const names = new Set([...Object.keys(options), ...Object.keys(newOptions)]);
  const isLooser = [...names].some((name) => {
    if (STRICT_OPTIONS.test(name))
      return (
        (options[name] === true && newOptions[name] !== true) || (options[name] !== false && newOptions[name] === false)
      );
    return LAX_OPTIONS.test(name) && options[name] !== true && newOptions[name] === true;
  });
  return (
    isLooser ||
    losesItems(old["include"], now["include"]) ||
    losesItems(old["files"], now["files"]) ||
    losesItems(now["exclude"], old["exclude"])
  );
}

/** Tells whether `after` lacks an item of the list `before`. */
function losesItems(before: unknown, after: unknown): boolean {
  const toList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  const kept = new Set(toList(after));
  return toList(before).some((item) => !kept.has(item));
}

/** Reads JSON with comments and trailing commas. */
function parseJson(text: string): Json | undefined {
  try {
    return Json.safeParse(JSON.parse(maskSource(text, "javascript").code.replaceAll(/,(?=\s*[}\]])/g, ""))).data;
  } catch {
    return undefined; // Not JSON: nothing can be said of its keys.
  }
}
