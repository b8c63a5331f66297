import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { asRoot } from "./as-root.ts";
import { IMAGE_EPOCH_S } from "./epoch.ts";
import { runBuildTool, type ToolContext } from "./build-tool.ts";

/** What goes onto a disk. */
export type DiskContent = {
  /** Root file system as a tar archive. */
  readonly archive: string;
  readonly disk: string;
  readonly sizeMib: number;
};

/** Constants, so that equal contents give equal disks; machines are told apart by their machine-id, not by their disk. */
const FILE_SYSTEM_ID = "7f6c1a52-5a0e-4d3b-9c1f-0c1015706001";
const HASH_SEED = "7f6c1a52-5a0e-4d3b-9c1f-0c1015706002";
/** Named one by one: what a host's own mke2fs.conf says must not show. */
const FEATURES =
  "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum";
/** How far a running machine can grow the file system: 256 GiB, in blocks of 4 KiB. */
const MAX_BLOCKS = 67_108_864;
/** At most: what was written to the journal stays in every snapshot. */
const JOURNAL_MIB = 16;

/** Devices are the kernel's own to make; the times of folders are set last, when nothing more is put into them. */
const UNPACK_THEN = `root=$1
tar --extract --numeric-owner --preserve-permissions --delay-directory-restore --exclude='./dev/*' --file="$0" --directory="$root" &&
shift && exec "$@"`;

/**
 * Makes a disk with one ext4 file system and no partitions: needs neither root nor loop devices. Equal archives give equal bytes.
 */
export async function writeDisk(context: ToolContext, { archive, disk, sizeMib }: DiskContent): Promise<void> {
  const root = join(context.folder, "disk-root");
  mkdirSync(root, { recursive: true });
  const make = ["mke2fs", "-q", "-F", "-t", "ext4", ...fileSystemOptions(sizeMib), "-d", root, disk, `${sizeMib}M`];
  // In one go, because what one user namespace has unpacked can be read by it alone.
  await runBuildTool(context, asRoot(["sh", "-c", UNPACK_THEN, archive, root, ...make]));
  await settleTimes(context, disk);
}

function fileSystemOptions(sizeMib: number): readonly string[] {
  const extended = `hash_seed=${HASH_SEED},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0,resize=${MAX_BLOCKS}`;
  const journal = Math.min(JOURNAL_MIB, Math.max(4, Math.floor(sizeMib / 16)));
  return [
    "-O",
    FEATURES,
    "-I",
    "256",
    "-b",
    "4096",
    "-m",
    "0",
    "-U",
    FILE_SYSTEM_ID,
    "-E",
    extended,
    "-J",
    `size=${journal}`,
  ];
}

/** Files bring the times at which they were unpacked and read: gives each inode the build's one. */
async function settleTimes(context: ToolContext, disk: string): Promise<void> {
  const said = await runBuildTool(context, ["dumpe2fs", "-h", disk]);
  const count = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)$`, "m").exec(said)?.[1] ?? 0);
  const used = count("Inode count") - count("Free inodes");
  const commands = Array.from({ length: used }, (_, index) => settleInode(index + 1));
  await runBuildTool(context, ["debugfs", "-w", "-f", "-", disk], { input: commands.join("") });
}

function settleInode(inode: number): string {
  const fields = ["ctime", "atime"].flatMap((name) => [`${name} @${IMAGE_EPOCH_S}`, `${name}_extra 0`]);
  return fields.map((field) => `set_inode_field <${inode}> ${field}\n`).join("");
}
