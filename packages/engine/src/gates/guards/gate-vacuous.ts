import type { Finding, GateSpec } from "@cloister/core";
import { parseScripts } from "../project-files.ts";
import { toCommands } from "./gate-usage.ts";

/** Commands that succeed whatever the work is like. */
const VACUOUS: ReadonlySet<string> = new Set([
  "true",
  ":",
  "echo",
  "printf",
  "sleep",
  "pwd",
  "date",
  "ls",
  "cd",
  "/bin/true",
]);

/**
 * Gates whose command can't fail, by itself or by the script that it runs.
 * @param packageJson text of the base's `package.json`, empty where there is none.
 */
export function findVacuousGates(gates: readonly GateSpec[], packageJson: string): Finding[] {
  const scripts = parseScripts(packageJson) ?? {};
  return gates
    .filter(({ command }) => isVacuous(toScript(command, scripts) ?? command))
    .map(({ name, command }) => ({
      name: "gate_vacuous",
      message: `Gate ${name} (\`${command}\`) can't fail: give it a command that checks something.`,
    }));
}

/** Tells whether a command line exits with 0 whatever happens. */
export function isVacuous(line: string): boolean {
  if (/(\|\||;)\s*(true|:|exit 0)\s*$/.test(line.trim())) return true;
  const commands = toCommands(line);
  return commands.every((words) => VACUOUS.has(words[0] ?? "") || words.join(" ") === "exit 0");
}

function toScript(command: string, scripts: Readonly<Record<string, string>>): string | undefined {
  const name = /^(?:npm|pnpm|yarn|bun) (?:run )?([\w:.-]+)$/.exec(command.trim())?.[1];
  return name !== undefined && Object.hasOwn(scripts, name) ? scripts[name] : undefined;
}
