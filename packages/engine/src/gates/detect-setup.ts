import { detectPackageManager, type PackageManager } from "./package-manager.ts";
import { type ProjectFiles, readProject } from "./project-files.ts";

/** Commands that make a fresh checkout able to run its gates, and for each of them one sentence that says why. */
export type DetectedSetup = { readonly commands: string[]; readonly why: string[] };

type Step = { readonly command: string; readonly why: string };

/** Installs what the lockfile says, and fails where it would have to change it. */
const LOCKED_INSTALL: Readonly<Record<PackageManager, string>> = {
  npm: "npm ci --no-audit --no-fund",
  pnpm: "pnpm install --frozen-lockfile",
  yarn: "yarn install --frozen-lockfile",
  bun: "bun install --frozen-lockfile",
};

/**
 * Finds how the project in `dir` is made ready: dependencies as locked, and nothing that changes tracked files.
 * @param dir absolute path of the project's top folder.
 */
export function detectSetup(dir: string): DetectedSetup {
  const files = readProject(dir);
  const steps = [...setUpNode(files), ...setUpPython(files), ...setUpOthers(files)];
  return {
    commands: steps.map(({ command }) => command),
    why: steps.map(({ command, why }) => `\`${command}\`, because ${why}.`),
  };
}

function setUpNode(files: ProjectFiles): Step[] {
  if (!files.has("package.json")) return [];
  const { manager, lockfile } = detectPackageManager(files);
  if (lockfile !== undefined) return [{ command: LOCKED_INSTALL[manager], why: `there is a ${lockfile}` }];
  if (!/"(dev|optional)?[dD]ependencies"\s*:\s*\{\s*"/.test(files.read("package.json"))) return [];
  const command = manager === "npm" ? "npm install --no-audit --no-fund --no-package-lock" : `${manager} install`;
  return [{ command, why: "package.json has dependencies and no lockfile" }];
}

function setUpPython(files: ProjectFiles): Step[] {
  if (files.has("uv.lock")) return [{ command: "uv sync --frozen", why: "there is a uv.lock" }];
  if (files.has("poetry.lock")) return [{ command: "poetry install --no-interaction", why: "there is a poetry.lock" }];
  if (files.has("Pipfile.lock")) return [{ command: "pipenv sync --dev", why: "there is a Pipfile.lock" }];
  return []; // With requirements.txt alone it is not known into which environment they go: the plan must say.
}

function setUpOthers(files: ProjectFiles): Step[] {
  const steps: readonly (readonly [string, string])[] = [
    ["Cargo.lock", "cargo fetch --locked"],
    ["go.sum", "go mod download"],
    ["Gemfile.lock", "bundle install"],
    ["composer.lock", "composer install --no-interaction"],
  ];
  return steps.filter(([name]) => files.has(name)).map(([name, command]) => ({ command, why: `there is a ${name}` }));
}
