import { join } from "node:path";
import { build } from "esbuild";

/** Bundles `core` for a browser: it may need nothing of Node. False, and esbuild's own words, where it does. */
export async function checkBrowserBundle(root: string): Promise<boolean> {
  try {
    await build({
      entryPoints: [join(root, "packages/core/src/index.ts")],
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
