// Builds the package that is published, in `dist/package`: plain JavaScript for Node 24, with everything but Node bundled in.
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import manifest from "../packages/cli/package.json" with { type: "json" };
import { engineIdentity } from "../packages/vm/src/jit/engine-identity.ts";
import { riscvCoreBytes } from "../packages/vm/src/processor/riscv-core.ts";
import { guestProgram } from "../packages/engine/src/machines/guest/program.ts";

const root = join(import.meta.dirname, "..");
const cli = join(root, "packages", "cli");
const target = join(root, "dist", "package");

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
await build({
  entryPoints: {
    main: join(cli, "src", "main.ts"),
    "embedded-machine": join(root, "packages/engine/src/machines/embedded/machine-process.ts"),
    "compiler-worker": join(root, "packages/vm/src/node/compiler-worker.ts"),
    "builtin-agent": join(root, "packages/engine/src/agents/builtin/main.ts"),
    "mock-agent": join(root, "packages/testkit/src/mock-agents/mock-agent.ts"),
  },
  outdir: join(target, "dist"),
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  define: {
    CLOISTER_VERSION: JSON.stringify(manifest.version),
    CLOISTER_ENGINE_IDENTITY: JSON.stringify(engineIdentity()),
    CLOISTER_RISCV_CORE: JSON.stringify(Buffer.from(riscvCoreBytes(true)).toString("base64")),
  },
  // Dependencies that are CommonJS ask for `require` by name.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  legalComments: "linked",
  logLevel: "warning",
});
for (const part of ["bin", "sample"]) cpSync(join(cli, part), join(target, part), { recursive: true });
for (const part of ["LICENSE", "README.md", "CHANGELOG.md"]) cpSync(join(root, part), join(target, part));
// Read from where they lie: the sources of the program in machines, and what images are built from.
for (const part of ["guest", "images"])
  cpSync(join(root, "packages/engine", part), join(target, part), { recursive: true });
for (const architecture of ["amd64", "arm64", "riscv64"]) await shipGuestProgram(architecture);
// What is bundled is no dependency of the package any more.
const { dependencies: _bundled, private: _private, ...published } = manifest;
writeFileSync(join(target, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
process.stdout.write(`built ${target}\n`);

/** Whoever installs the package need not have a compiler for the machines' processors. */
async function shipGuestProgram(architecture: string): Promise<void> {
  try {
    const program = await guestProgram({ architecture, cache: join(root, ".cache", "guest") });
    const folder = join(target, "guest", "bin", `linux-${architecture}`);
    mkdirSync(folder, { recursive: true });
    copyFileSync(program, join(folder, "cloister-guest"));
  } catch (error) {
    // The package has its sources: there it is compiled when it is first needed.
    process.stdout.write(`without the guest agent for ${architecture}: ${String(error)}\n`);
  }
}
