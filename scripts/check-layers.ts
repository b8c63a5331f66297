import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Which packages of ours each package may import. Tests may also use the testkit. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  vm: [],
  engine: ["@cloister/core", "@cloister/vm", "@cloister/vm/node", "@cloister/vm/v8-pool"],
  testkit: [],
  // Audits, reports, machines and the gateway are rooms of the engine with a door of their own: a run does not load them to start. So is
  // the option of V8's threads of the vm: it is looked at before anything else is loaded.
  cli: [
    "@cloister/core",
    "@cloister/engine",
    "@cloister/engine/audit",
    "@cloister/engine/gateway",
    "@cloister/engine/machines",
    "@cloister/engine/places",
    "@cloister/engine/report",
    "@cloister/testkit",
    "@cloister/vm",
    "@cloister/vm/node",
    "@cloister/vm/v8-pool",
  ],
};

const IMPORT = /(?:from|import)\s*\(?\s*["']((?:@cloister\/|cloister|\.\.\/)[^"']*)["']/g;

/** Checks that imports between packages go one way and through the index. Prints each that does not. */
export function checkLayers(root: string): boolean {
  const problems = globSync("packages/*/{src,test}/**/*.ts", { cwd: root })
    .filter((file) => !file.includes("__fixtures__"))
    .flatMap((file) => checkFile(root, file));
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  return problems.length === 0;
}

function checkFile(root: string, file: string): string[] {
  const own = file.split("/")[1] ?? "";
  const allowed = new Set([...(ALLOWED[own] ?? []), ...(isTest(file) ? ["@cloister/testkit", "@cloister/core"] : [])]);
  return [...readFileSync(join(root, file), "utf8").matchAll(IMPORT)].flatMap(([, specifier = ""]) => {
    if (specifier.startsWith("../"))
      return leavesPackage(file, specifier) ? [`${file}: ${specifier} leaves the package`] : [];
    return allowed.has(specifier) ? [] : [`${file}: ${own} may not import ${specifier}`];
  });
}

function isTest(file: string): boolean {
  return (
    file.endsWith(".test.ts") ||
    file.includes("/test/") ||
    file.includes("/testing/") ||
    file.endsWith("conformance.ts")
  );
}

function leavesPackage(file: string, specifier: string): boolean {
  const path = new URL(specifier, `file:///${file}`).pathname.slice(1);
  return !path.startsWith(file.split("/").slice(0, 2).join("/"));
}
