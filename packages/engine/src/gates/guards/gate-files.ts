import type { GateUsage } from "./gate-usage.ts";
import { isTestFile, languageOf } from "./languages.ts";

/** Configuration that belongs to a test runner alone. */
const RUNNER_CONFIG = [
  /(^|\/)(jest|vitest|ava|karma|playwright|cypress|wdio|jasmine|web-test-runner|nightwatch)(\.[\w-]+)*\.(config|conf|workspace)(\.[\w-]+)*\.([cm]?[jt]s|json)$/,
  /(^|\/)(\.mocharc(\.\w+)?|\.nycrc(\.\w+)?|\.c8rc(\.\w+)?|\.taprc|\.rspec|pytest\.ini|tox\.ini|phpunit\.xml(\.dist)?|karma\.conf\.[cm]?[jt]s)$/,
  /(^|\/)(\.config\/nextest\.toml|\.cargo\/config(\.toml)?)$/,
];
const CI_FILE =
  /^(\.github\/workflows\/|\.circleci\/|\.gitlab-ci|\.travis\.yml|azure-pipelines|\.buildkite\/|Jenkinsfile|\.woodpecker|\.drone\.yml|bitbucket-pipelines)/;
/** Folders and names of files that are there to check, not to be checked. */
const SCRIPT_PLACE = /^(scripts?|bin|tools|ci|\.ci|hack|build)\//;
const SCRIPT_NAME = /(^|[\W_])(check|test|tests|verify|lint|gate|validate|ci|smoke)([\W_]|$)/i;
const CONFIG_NAME = /\.(config\.[cm]?[jt]s|json|toml|ya?ml|ini|cfg)$/;
const LINT_CONFIG =
  /(^|\/)(eslint\.config\.[cm]?[jt]s|\.eslintrc(\.\w+)?|\.eslintignore|\.?oxlintrc\.json|biome\.jsonc?|\.?ruff\.toml|\.flake8|\.?mypy\.ini|\.pylintrc|pyrightconfig\.json|\.golangci\.\w+|\.?clippy\.toml|\.stylelintrc(\.\w+)?)$/;

/** Tells whether a file configures a test runner and nothing else. */
export function isRunnerConfig(path: string): boolean {
  return RUNNER_CONFIG.some((pattern) => pattern.test(path));
}

/** Tells whether a file configures a linter and nothing else. */
export function isLintConfig(path: string): boolean {
  return LINT_CONFIG.test(path);
}

/** Tells whether a file tells a CI service what to run. */
export function isCiFile(path: string): boolean {
  return CI_FILE.test(path);
}

/** Tells whether `make` reads this file by itself. */
export function isMakefile(path: string): boolean {
  return /^(GNUm|[Mm])akefile$/.test(path);
}

/**
 * Tells whether a gate's command names this file as its own means: a script or a configuration. The program under test is not
 * (`node src/main.js --self-test`), nor is a file of tests.
 */
export function isGateScript(path: string, usage: GateUsage): boolean {
  if (!usage.names(path) || isTestFile(path)) return false;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isOwnMeans =
    languageOf(path) === "shell" || SCRIPT_PLACE.test(path) || SCRIPT_NAME.test(name) || CONFIG_NAME.test(name);
  return isOwnMeans && !/(^|\/)package(-lock)?\.json$/.test(path);
}
