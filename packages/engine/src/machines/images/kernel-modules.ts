import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { runBuildTool, type ToolContext } from "./build-tool.ts";

/** A kernel module, ready for `insmod`. */
export type KernelModule = {
  readonly name: string;
  readonly content: Buffer;
  /** Only for machines with a virtio device of this number (virtio 1.2, section 5). Left out: for all. */
  readonly device?: number;
};

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

/** What some machines have besides, by virtio's number: a network card, shared folders, sockets to the host. */
const WANTED_FOR_DEVICE: readonly (readonly [number, readonly string[]])[] = [
  [1, ["virtio_net"]],
  [9, ["9pnet_virtio", "9p"]],
  [19, ["vmw_vsock_virtio_transport"]],
];

/**
 * The modules that an initial file system has to load, each after those that it depends on.
 * @param folder with the files of a kernel package
 */
export async function bootModules(context: ToolContext, folder: string): Promise<readonly KernelModule[]> {
  const files = moduleFiles(join(folder, "lib/modules"), join(folder, "usr/lib/modules"));
  const loaded = new Map<string, KernelModule>();
  const load = async (name: string, device?: number): Promise<void> => {
    const path = files.get(name);
    const known = loaded.get(name);
    if (path === undefined) return; // Built in.
    if (known !== undefined && [undefined, device].includes(known.device)) return;
    const content = known?.content ?? (await readModule(context, path));
    // What two devices need is for all machines, and so is what it depends on.
    const only = known === undefined ? device : undefined;
    for (const dependency of moduleDependencies(content)) await load(dependency, only);
    loaded.set(name, { name, content, ...(only === undefined ? {} : { device: only }) });
  };
  for (const name of WANTED) await load(name);
  for (const [device, names] of WANTED_FOR_DEVICE) for (const name of names) await load(name, device);
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
