import { join } from "node:path";
import { build } from "esbuild";

const PACKAGES = ["core", "vm"];

/** Bundles `core` and `vm` for a browser: they may need nothing of Node. False, and esbuild's own words, where they do. */
export async function checkBrowserBundles(root: string): Promise<boolean> {
  try {
    await build({
      entryPoints: PACKAGES.map((name) => join(root, "packages", name, "src/index.ts")),
      outdir: join(root, "dist"),
      bundle: true,
      write: false,
      platform: "browser",
      format: "esm",
      logLevel: "error",
    });
    return true;
  } catch {
    return false; // esbuild has said why.
  }
}
