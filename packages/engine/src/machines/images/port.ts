/**
 * Images: what machines start from. Owns: building them from a manifest, their content address, and what is kept of them.
 *
 * Invariants:
 * B1. The same manifest, sources and tools give the same bytes.
 * B2. An image is there whole or not at all; what was built under another digest is never overwritten.
 */
import type { MachineImage } from "../port.ts";

/** What an image is to hold. Comes from YAML. */
export type ImageManifest = {
  /** Lower case letters, digits and dashes, 40 at most. */
  readonly name: string;
  /** `debian`: Debian packages. `busybox`: BusyBox and the guest agent alone. `nixos`: the flake beside the built-in manifests. */
  readonly builder: "debian" | "busybox" | "nixos";
  /** Debian's word: `amd64`, `arm64`, `riscv64`. */
  readonly architecture: string;
  /** Debian release, such as `bookworm`. */
  readonly release: string;
  /** Debian packages besides the least that boots. */
  readonly packages: readonly string[];
  /** npm packages that are installed for all users, with exact version: `@openai/codex@0.169.0`. Node comes with them. */
  readonly npm: readonly string[];
  /** Version of Node to install, such as `24.21.0`. Undefined: none. */
  readonly node?: string;
  /** Size of the root file system, in MiB. */
  readonly diskMib: number;
  /** What is made of it: a disk with kernel for virtual machines, an archive for containers. */
  readonly outputs: readonly ("disk" | "archive")[];
  /** What is different on an architecture, by Debian's word for it: taken when an image is built, and not part of one that is there. */
  readonly architectures?: Readonly<Record<string, ImageVariant>>;
};

/** What an image is to hold on one architecture: each setting instead of the manifest's own. */
export type ImageVariant = {
  readonly release?: string;
  readonly packages?: readonly string[];
  /** `none` where npm has no Node for the architecture. */
  readonly node?: string;
  readonly diskMib?: number;
};

/** What is written down of a disk that somebody else built. */
export type ImportedManifest = {
  /** As that of {@link ImageManifest}. */
  readonly name: string;
  readonly builder: "imported";
  readonly architecture: string;
  /** Words for the kernel that was named with it. */
  readonly kernelArguments?: string;
};

/** A disk to bring in. Paths are absolute. */
export type DiskImport = {
  /** A regular file: qcow2, which must stand on no other file, or else raw. */
  readonly disk: string;
  readonly name: string;
  /** Default: this host's. */
  readonly architecture?: string;
  /** Undefined: the disk's own boot loader boots it. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly kernelArguments?: string;
};

/** An image that is there. */
export type StoredImage = MachineImage & {
  readonly name: string;
  readonly manifest: ImageManifest | ImportedManifest;
  /** ms since the epoch. */
  readonly builtAt: number;
  readonly sizeKib: number;
};

/** A line for people about what a build is doing. */
export type OnProgress = (line: string) => void;

/** The images of this user. */
export interface ImageStore {
  list(): readonly StoredImage[];
  /**
   * By name, or by the beginning of a digest (6 digits at least).
   * @param architecture of several with one name, the newest of this one is preferred; default: this host's
   */
  find(nameOrDigest: string, architecture?: string): StoredImage | undefined;
  /** Builds what `manifest` says; returns what is there already where it was built from the same. @throws CloisterError `image_invalid`, `machine_unavailable` where a tool is missing */
  build(
    manifest: ImageManifest,
    options: { readonly onProgress: OnProgress; readonly signal?: AbortSignal; readonly force?: boolean },
  ): Promise<StoredImage>;
  /**
   * Copies somebody else's disk, as an image for machines that bring the guest agent in by the disk's qemu-guest-agent.
   * @throws CloisterError `image_invalid` for a file that is no such disk, `machine_unavailable` where `qemu-img` is missing
   */
  importDisk(
    disk: DiskImport,
    options: { readonly onProgress: OnProgress; readonly signal?: AbortSignal },
  ): Promise<StoredImage>;
  /** Checks every file against its hash. @returns what differs: empty where all is well */
  check(image: StoredImage): Promise<readonly string[]>;
  /** Removes images but those of `keep` (digests). @returns the digests removed */
  prune(keep: ReadonlySet<string>): Promise<readonly string[]>;
}
