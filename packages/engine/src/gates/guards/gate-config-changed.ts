import type { Finding } from "@cloister/core";
import type { FileChange, FileGuard } from "./change.ts";
import { isCiFile, isGateScript, isLintConfig, isMakefile, isRunnerConfig } from "./gate-files.ts";
import type { GateUsage } from "./gate-usage.ts";
import { describeTargets } from "./makefile.ts";
import {
  isCiLoosened,
  isLintLoosened,
  isRunnerNarrowed,
  isTypeScriptLoosened,
  readPackageChange,
} from "./config-changes.ts";
import { cargoTestSettings, pytestHooks, readSections, toPlain, viteTestBlock } from "./config-text.ts";

const LINTERS = /\b(eslint|oxlint|biome|ruff|flake8|pylint|mypy|pyright|golangci-lint|clippy|stylelint|lint)\b/;
const TYPE_CHECKERS = /\b(tsc|vue-tsc|tsgo|typecheck|type-check)\b/;
const RUNNER_SECTIONS = /^\[(tool[.:]pytest|pytest|tool\.coverage|tool\.tox|testenv)/;
const LINT_SECTIONS = /^\[(tool\.(ruff|mypy|pylint|pyright|black|flake8)|mypy|flake8|pylint)/;

type Sides = { readonly before: string; readonly after: string; readonly status: FileChange["status"] };

/** Looks at one kind of file. Says what was changed in it, or undefined. */
type ConfigCheck = {
  readonly applies: (file: FileChange, usage: GateUsage) => boolean;
  readonly change: (sides: Sides, usage: GateUsage) => string | undefined;
};

const differs = (before: string, after: string, what: string): string | undefined =>
  before === after ? undefined : what;

const CHECKS: readonly ConfigCheck[] = [
  {
    applies: ({ path }) => /(^|\/)package\.json$/.test(path),
    change: ({ before, after }, usage) => readPackageChange(before, after, usage),
  },
  {
    applies: ({ path }) => isMakefile(path),
    change: ({ before, after }, { targets }) =>
      before === ""
        ? undefined
        : differs(describeTargets(before, targets), describeTargets(after, targets), "targets that a gate runs"),
  },
  {
    applies: ({ path }) => /(^|\/)(pyproject\.toml|setup\.cfg|tox\.ini)$/.test(path),
    change: ({ before, after }, usage) =>
      differs(
        readSections(before, RUNNER_SECTIONS),
        readSections(after, RUNNER_SECTIONS),
        "the test runner's sections",
      ) ??
      (usage.runs(LINTERS) && isLintLoosened(readSections(before, LINT_SECTIONS), readSections(after, LINT_SECTIONS))
        ? "the linters' sections"
        : undefined),
  },
  {
    applies: ({ path }) => /(^|\/)conftest\.py$/.test(path),
    change: ({ before, after }) =>
      differs(pytestHooks(before), pytestHooks(after), "hooks that decide which tests run"),
  },
  {
    applies: ({ path }) => /(^|\/)Cargo\.toml$/.test(path),
    change: ({ before, after }) => differs(cargoTestSettings(before), cargoTestSettings(after), "what cargo tests"),
  },
  {
    applies: ({ path }) => /(^|\/)vite\.config\.[cm]?[jt]s$/.test(path),
    change: ({ before, after }) =>
      viteTestBlock(before) === ""
        ? undefined
        : differs(viteTestBlock(before), viteTestBlock(after), "the test runner's settings"),
  },
  {
    applies: ({ path }, usage) => /(^|\/)tsconfig[\w.-]*\.json$/.test(path) && usage.runs(TYPE_CHECKERS),
    change: ({ before, after }) =>
      isTypeScriptLoosened(before, after) ? "the type checker's settings (they are looser)" : undefined,
  },
  {
    applies: ({ path }, usage) => isLintConfig(path) && usage.runs(LINTERS),
    change: ({ before, after }) =>
      isLintLoosened(before, after) ? "the linter's settings (they are looser)" : undefined,
  },
  {
    applies: ({ path }) => isRunnerConfig(path),
    change: ({ before, after, status }) =>
      status === "added"
        ? isRunnerNarrowed(after)
          ? "which tests run"
          : undefined
        : differs(toPlain(before), toPlain(after), "the test runner's settings"),
  },
  {
    applies: ({ path, status }) => isCiFile(path) && status !== "added",
    change: ({ before, after }) => (isCiLoosened(before, after) ? "what CI runs" : undefined),
  },
  {
    applies: ({ path }, usage) => isGateScript(path, usage),
    change: ({ before, after }) => differs(before, after, "the script that a gate runs"),
  },
];

/** Changes of what decides how the gates run. Each kind of file is read for what matters in it alone. */
export const findGateConfigChanges: FileGuard = (file, usage) => {
  const check = CHECKS.find(({ applies }) => applies(file, usage));
  const what = check?.change({ before: file.before.text, after: file.after.text, status: file.status }, usage);
  if (what === undefined) return [];
  const message = `${file.path} changes ${what}: put it back, or ask for the change in the plan.`;
  return [{ name: "gate_config_changed", message, file: file.path } satisfies Finding];
};
