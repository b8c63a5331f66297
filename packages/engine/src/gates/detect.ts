import type { GateSpec } from "@cloister/core";
import { detectPackageManager } from "./package-manager.ts";
import { type ProjectFiles, readProject } from "./project-files.ts";

/** Gates found in a project, and for each of them one sentence that says why. */
export type DetectedGates = { readonly gates: GateSpec[]; readonly why: string[] };

type Found = { readonly name: string; readonly command: string; readonly why: string };
type Detector = (files: ProjectFiles) => Found[];

/** Scripts of `package.json` that are gates, and what the gate is called. The first of each name counts. */
const SCRIPTS: readonly (readonly [string, string])[] = [
  ["test", "test"],
  ["lint", "lint"],
  ["typecheck", "typecheck"],
  ["type-check", "typecheck"],
  ["check-types", "typecheck"],
];
/** What `npm init` writes: it fails, and tests nothing. */
const PLACEHOLDER = /no test specified/;

const DETECTORS: readonly Detector[] = [
  detectScripts,
  detectTypeScript,
  detectPython,
  detectCargo,
  detectGo,
  detectJvm,
  detectMake,
];

/**
 * Finds the checks of the project in `dir`: its own test, lint and type check commands.
 * @param dir absolute path of the project's top folder.
 */
export function detectGates(dir: string): DetectedGates {
  const files = readProject(dir);
  const found = new Map<string, Found>();
  for (const gate of DETECTORS.flatMap((detect) => detect(files))) {
    const name = found.has(gate.name) ? `${gate.name}-${gate.command.split(" ")[0] ?? ""}` : gate.name;
    if (!found.has(name)) found.set(name, { ...gate, name });
  }
  const gates = [...found.values()];
  return {
    gates: gates.map(({ name, command }) => ({ name, command })),
    why: gates.map(({ name, command, why }) => `${name}: \`${command}\`, because ${why}.`),
  };
}

function detectScripts(files: ProjectFiles): Found[] {
  const { scripts } = files;
  if (scripts === undefined) return [];
  const { manager } = detectPackageManager(files);
  return SCRIPTS.filter(([script]) => scripts[script] !== undefined && !PLACEHOLDER.test(scripts[script])).map(
    ([script, name]) => {
      const command = script === "test" && manager !== "bun" ? `${manager} test` : `${manager} run ${script}`;
      return { name, command, why: `package.json has a script "${script}"` };
    },
  );
}

function detectTypeScript(files: ProjectFiles): Found[] {
  const hasScript = SCRIPTS.some(([script, name]) => name === "typecheck" && files.scripts?.[script] !== undefined);
  if (hasScript || !files.has("tsconfig.json")) return [];
  const why = "there is a tsconfig.json and no script for it";
  return [{ name: "typecheck", command: "npx --no-install tsc --noEmit", why }];
}

function detectPython(files: ProjectFiles): Found[] {
  const config = files.read("pyproject.toml") + files.read("setup.cfg") + files.read("tox.ini");
  const runner = files.has("uv.lock") ? "uv run " : files.has("poetry.lock") ? "poetry run " : "";
  const found: Found[] = [];
  const usesPytest =
    files.has("pytest.ini") || files.has("conftest.py") || /pytest/.test(config + files.read("requirements.txt"));
  if (usesPytest) found.push({ name: "test", command: `${runner}pytest`, why: "pytest is configured or required" });
  if (files.hasMatch(/^\.?ruff\.toml$/) || /^\[tool\.ruff/m.test(config)) {
    found.push({ name: "lint", command: `${runner}ruff check .`, why: "ruff is configured" });
  }
  if (files.hasMatch(/^\.?mypy\.ini$/) || /^\[(tool\.)?mypy/m.test(config)) {
    found.push({ name: "typecheck", command: `${runner}mypy .`, why: "mypy is configured" });
  }
  return found;
}

function detectCargo(files: ProjectFiles): Found[] {
  return files.has("Cargo.toml") ? [{ name: "test", command: "cargo test", why: "there is a Cargo.toml" }] : [];
}

function detectGo(files: ProjectFiles): Found[] {
  return files.has("go.mod") ? [{ name: "test", command: "go test ./...", why: "there is a go.mod" }] : [];
}

function detectJvm(files: ProjectFiles): Found[] {
  if (files.hasMatch(/^build\.gradle(\.kts)?$/)) {
    const command = files.has("gradlew") ? "./gradlew test" : "gradle test";
    return [{ name: "test", command, why: "there is a Gradle build" }];
  }
  if (!files.has("pom.xml")) return [];
  const command = files.has("mvnw") ? "./mvnw -B test" : "mvn -B test";
  return [{ name: "test", command, why: "there is a pom.xml" }];
}

/** Make is asked only where nothing more exact is known: its targets most often call the same tools. */
function detectMake(files: ProjectFiles): Found[] {
  const isCovered = DETECTORS.filter((detect) => detect !== detectMake).some((detect) => detect(files).length > 0);
  const makefile = files.read("Makefile") + files.read("makefile") + files.read("GNUmakefile");
  const target = ["test", "check"].find((name) => new RegExp(`^${name}\\s*:(?!=)`, "m").test(makefile));
  if (isCovered || target === undefined) return [];
  return [{ name: target, command: `make ${target}`, why: `the Makefile has a target "${target}"` }];
}
