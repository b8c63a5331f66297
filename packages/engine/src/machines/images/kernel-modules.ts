import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { runBuildTool, type ToolContext } from "./build-tool.ts";

/** A kernel module, ready for `insmod`. */
export type KernelModule = { readonly name: string; readonly content: Buffer };

/**
 * What a virtual machine's disk, guest agent, random numbers and memory balloon need, on PCI and MMIO; and the file system with what it
 * asks for by name alone. Kernels have some of them built in, and name none of those that they lack.
 */
const WANTED: readonly string[] = [
  "virtio_pci",
  "virtio_mmio",
  "virtio_blk",
  "virtio_console",
  "virtio_rng",
  "virtio_balloon",
  "crc32c_generic",
  "ext4",
];

/**
 * The modules that an initial file system has to load, each after those that it depends on.
 * @param folder with the files of a kernel package
 */
export async function bootModules(context: ToolContext, folder: string): Promise<readonly KernelModule[]> {
  const files = moduleFiles(join(folder, "lib/modules"), join(folder, "usr/lib/modules"));
  const loaded = new Map<string, KernelModule>();
  const load = async (name: string): Promise<void> => {
    const path = files.get(name);
    if (path === undefined || loaded.has(name)) return; // Built in, or there already.
    const content = await readModule(context, path);
    for (const dependency of moduleDependencies(content)) await load(dependency);
    loaded.set(name, { name, content });
  };
  for (const name of WANTED) await load(name);
  return [...loaded.values()];
}

/** Paths by the name that modules call each other: with underscores, whatever the file is called. */
function moduleFiles(...roots: readonly string[]): ReadonlyMap<string, string> {
  const paths = roots.flatMap((root) => listFiles(root)).filter((path) => /\.ko(\.xz)?$/.test(path));
  return new Map(
    paths.map((path) => [
      basename(path)
        .replace(/\.ko(\.xz)?$/, "")
        .replaceAll("-", "_"),
      path,
    ]),
  );
}

function listFiles(root: string): readonly string[] {
  try {
    return readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => join(root, path));
  } catch {
    return []; // Packages have one of the two places.
  }
}

async function readModule(context: ToolContext, path: string): Promise<Buffer> {
  if (!path.endsWith(".xz")) return readFileSync(path);
  await runBuildTool(context, ["xz", "--decompress", "--keep", path]);
  return readFileSync(path.slice(0, -".xz".length));
}

/** A module says in its section `.modinfo` what it depends on, as text between zeros: `depends=virtio,virtio_ring`. */
function moduleDependencies(content: Buffer): readonly string[] {
  const key = "\0depends=";
  const at = content.indexOf(key);
  if (at === -1) return [];
  const from = at + key.length;
  const names = content.subarray(from, content.indexOf(0, from)).toString("latin1");
  return names === "" ? [] : names.split(",").map((name) => name.replaceAll("-", "_"));
}
