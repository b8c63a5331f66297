import type { Finding } from "@cloister/core";
import { parseScripts } from "../project-files.ts";
import { addedLines, type FileGuard } from "./change.ts";
import { isCiFile, isGateScript, isMakefile, isRunnerConfig } from "./gate-files.ts";
import type { GateUsage } from "./gate-usage.ts";
import { isTestFile, languageOf } from "./languages.ts";
import { describeTargets } from "./makefile.ts";

/** What makes a shell command succeed whatever happened before. */
const FORCED_SHELL =
  /(\|\||;)\s*(true\b|:(?=\s|$)|exit 0\b|echo\b)|^exit 0\b|^\s*set \+e\b|\btrap\b.{0,80}exit 0|--pass-?with-?no-?tests\b/i;
const FORCED_CI = /\bcontinue-on-error:\s*true|\ballow_failure:\s*true/;
const NO_TESTS_ALLOWED = /pass-?with-?no-?tests\b(?!['"]?\s*[:=]\s*false)/i;
/** What ends a test process with success before the runner can say otherwise. */
const FORCED_EXIT =
  /\b(?:process\.exit|os\._exit|sys\.exit|os\.Exit|System\.exit|process::exit|exit)\(\s*0?\s*\)|\bprocess\.exitCode\s*=\s*0\b|\bexitstatus\s*=\s*0\b/;

/** New lines, in what decides how the gates end, that force them to end well. */
export const findForcedExits: FileGuard = ({ path, status, before, after }, usage) => {
  if (status === "deleted") return [];
  const [old, now] = [before.text, after.text];
  if (path.endsWith("package.json")) return inScripts(path, old, now, usage);
  if (isMakefile(path)) {
    const { targets } = usage;
    return inLines({ path, before: describeTargets(old, targets), after: describeTargets(now, targets) }, isForcedMake);
  }
  if (isCiFile(path)) return inLines({ path, before: old, after: now }, isForcedCi);
  const isScript = isGateScript(path, usage);
  if (isScript && isShell(path, now)) return inLines({ path, before: old, after: now }, isForcedShell);
  if (!isScript && !isTestFile(path) && !isRunnerConfig(path)) return [];
  const isForced = isTestFile(path) ? isForcedExit : isForcedConfig;
  return inLines({ path, before: before.masked.bare, after: after.masked.bare }, isForced);
};

function inScripts(path: string, before: string, after: string, usage: GateUsage): Finding[] {
  const [old, now] = [parseScripts(before) ?? {}, parseScripts(after) ?? {}];
  return Object.entries(now)
    .filter(([name, command]) => usage.scripts.has(name) && isForcedShell(command) && !isForcedShell(old[name] ?? ""))
    .map(([name, command]) => toFinding(path, `script "${name}": ${command}`));
}

type Sides = { readonly path: string; readonly before: string; readonly after: string };

function inLines({ path, before, after }: Sides, isForced: (line: string) => boolean): Finding[] {
  return addedLines(before, after)
    .filter(({ text }) => isForced(text))
    .map(({ text, line }) => ({ ...toFinding(path, text.trim()), line }));
}

function isForcedShell(line: string): boolean {
  return FORCED_SHELL.test(line) && !line.trimStart().startsWith("#");
}

function isForcedCi(line: string): boolean {
  return FORCED_CI.test(line) || isForcedShell(line);
}

function isForcedExit(line: string): boolean {
  return FORCED_EXIT.test(line);
}

function isForcedConfig(line: string): boolean {
  return isForcedExit(line) || NO_TESTS_ALLOWED.test(line);
}

/** In a recipe, `-` before a command ignores how it ends. */
function isForcedMake(line: string): boolean {
  return isForcedShell(line) || /^@?-/.test(line);
}

function isShell(path: string, text: string): boolean {
  return (
    languageOf(path) === "shell" ||
    /^#!.{0,100}\b(ba|da|z|k)?sh\b/.test(text) ||
    !path.slice(path.lastIndexOf("/") + 1).includes(".")
  );
}

function toFinding(path: string, what: string): Finding {
  const message = `${path} forces success (\`${what.slice(0, 200)}\`): let the check end as it ends.`;
  return { name: "exit_forced", message, file: path };
}
