import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const PAGE = join(import.meta.dirname, "page");
const WORKERS = join(import.meta.dirname, "../src/browser");
const PAGE_PARTS = ["main.ts", "style.css"];
const WORKER_SCRIPTS = ["machine-worker.ts", "compiler-worker.ts"];

/** Writes the demo's page, its scripts and those of its workers to a folder that may be served as it is. */
export async function buildDemo(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [...PAGE_PARTS.map((name) => join(PAGE, name)), ...WORKER_SCRIPTS.map((name) => join(WORKERS, name))],
    entryNames: "[name]",
    outdir: folder,
    bundle: true,
    minify: true,
    platform: "browser",
    format: "esm",
    target: "es2024",
    legalComments: "linked",
    logLevel: "error",
  });
  cpSync(join(PAGE, "index.html"), join(folder, "index.html"));
}
