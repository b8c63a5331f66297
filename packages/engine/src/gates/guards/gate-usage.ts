/** What the gates make use of: package scripts, make targets, tools, and the files that their commands name. */
import type { GateSpec } from "@cloister/core";
import { parseScripts } from "../project-files.ts";
import type { Change } from "./change.ts";
import { describeTargets } from "./makefile.ts";

/** What decides how the gates run, on the base and now. */
export type GateUsage = {
  /** Names of the `package.json` scripts that gates run, hooks (`pretest`) and scripts of scripts included. */
  readonly scripts: ReadonlySet<string>;
  /** Targets that gates ask `make` for. */
  readonly targets: ReadonlySet<string>;
  /** Command lines: the gates' own, and those of the scripts and targets that they run. */
  readonly commands: readonly string[];
  /** Tells whether a command names `path`. */
  names(path: string): boolean;
  /** Tells whether a command matches. */
  runs(tool: RegExp): boolean;
};

const MAX_ROUNDS = 20;
const MANAGERS: ReadonlySet<string> = new Set(["npm", "pnpm", "yarn", "bun", "npx"]);
const MAKES: ReadonlySet<string> = new Set(["make", "gmake"]);
const SHORT_TEST: ReadonlySet<string> = new Set(["t", "tst"]);

/** Finds out what `gates` make use of, following scripts and make targets on both sides of `change`. */
export async function resolveGateUsage(change: Change, gates: readonly GateSpec[]): Promise<GateUsage> {
  const packages = [await change.before("package.json"), await change.after("package.json")];
  const bodies = packages.map((text) => parseScripts(text ?? "") ?? {});
  const makefiles = [await change.before("Makefile"), await change.after("Makefile")].filter(
    (text) => text !== undefined,
  );
  const scripts = new Set<string>();
  const targets = new Set<string>();
  let commands = gates.map(({ command }) => command);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    for (const command of commands) collectUses(command, bodies, scripts, targets);
    const next = [
      ...gates.map(({ command }) => command),
      ...bodies.flatMap((body) => [...scripts].map((name) => body[name] ?? "")),
      ...makefiles.map((text) => describeTargets(text, targets)),
    ];
    const isSettled = next.length === commands.length && next.every((command, index) => command === commands[index]);
    commands = next;
    if (isSettled) break;
  }
  const words = new Set(
    commands.flatMap((command) => toCommands(command).flat()).map((word) => word.replace(/^\.\//, "")),
  );
  return {
    scripts,
    targets,
    commands,
    names: (path) => words.has(path),
    runs: (tool) => commands.some((command) => tool.test(command)),
  };
}

/** Splits a command line into simple commands, and each into words without quotes. Only for searching. */
export function toCommands(line: string): string[][] {
  return line
    .split(/[;&|\n()]/)
    .map((part) =>
      part
        .split(/\s+/)
        .map((word) => word.replaceAll(/["'`]/g, ""))
        .filter((word) => word !== ""),
    )
    .filter((words) => words.length > 0);
}

type Scripts = Readonly<Record<string, string>>;

function collectUses(line: string, bodies: readonly Scripts[], scripts: Set<string>, targets: Set<string>): void {
  const isScript = (word: string): boolean => bodies.some((body) => Object.hasOwn(body, word));
  for (const words of toCommands(line)) {
    const makeAt = words.findIndex((word) => MAKES.has(word));
    if (makeAt !== -1) {
      const asked = words.slice(makeAt + 1).filter((word) => /^[\w.-]+$/.test(word) && !word.startsWith("-"));
      for (const target of asked.length === 0 ? ["all"] : asked) targets.add(target);
    }
    const runsScripts = words.some(
      (word) => MANAGERS.has(word) || /^(run-[sp]|npm-run-all2?|concurrently|--run|wireit)$/.test(word),
    );
    if (!runsScripts) continue;
    for (const word of words) {
      const name = SHORT_TEST.has(word) ? "test" : word.replace(/^(?:npm|pnpm|yarn):/, "");
      if (isScript(name)) for (const each of [name, `pre${name}`, `post${name}`]) scripts.add(each);
    }
  }
}
