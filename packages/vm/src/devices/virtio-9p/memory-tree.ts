import {
  ERROR_NUMBER,
  FileTreeError,
  type FileChange,
  type FileKind,
  type FilePath,
  type FileStatus,
  type FileTree,
  type OpenFile,
  type OpenMode,
} from "./port.ts";
import { encodeText } from "./text.ts";

type Node = {
  readonly kind: FileKind;
  readonly identity: number;
  mode: number;
  links: number;
  accessedAt: number;
  modifiedAt: number;
  /** Content of a file; its length is `size`, and there may be room behind it. */
  bytes: Uint8Array;
  size: number;
  readonly target: string;
  readonly children: Map<string, Node>;
};

/** What a tree in memory is made with. */
export type MemoryTreeOptions = {
  /** Most bytes of all files together, with 1 KiB for each name. */
  readonly capacityBytes: number;
  /** The present, in ms since 1970. */
  readonly now: () => number;
  /** Files that are there at first, by their paths: `bin/tool`. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
};

const NODE_BYTES = 1024;

/** Makes a tree of files that is nowhere but in memory. */
export function createMemoryTree(options: MemoryTreeOptions): FileTree {
  const tree = new MemoryTree(options);
  for (const [name, bytes] of Object.entries(options.files ?? {})) {
    const path = name.split("/");
    for (let depth = 1; depth < path.length; depth += 1) {
      tree.ensureFolder(path.slice(0, depth));
    }
    tree.create(path, 0o644).write(0, bytes);
  }
  return tree;
}

class MemoryTree implements FileTree {
  readonly #options: MemoryTreeOptions;
  readonly #root: Node;
  #identity = 0;
  #used = 0;

  constructor(options: MemoryTreeOptions) {
    this.#options = options;
    this.#root = this.#createNode("folder", 0o755);
  }

  ensureFolder(path: FilePath): void {
    const parent = this.#folder(path.slice(0, -1));
    if (!parent.children.has(path.at(-1) ?? "")) {
      this.createFolder(path, 0o755);
    }
  }

  status(path: FilePath): FileStatus {
    return toStatus(this.#find(path));
  }

  list(path: FilePath): readonly string[] {
    return [...this.#folder(path).children.keys()];
  }

  open(path: FilePath, mode: OpenMode): OpenFile {
    const node = this.#find(path);
    if (node.kind !== "file") {
      throw new FileTreeError(ERROR_NUMBER.isFolder);
    }
    if (mode.truncate) {
      this.#resize(node, 0);
    }
    return this.#toOpenFile(node);
  }

  create(path: FilePath, mode: number): OpenFile {
    return this.#toOpenFile(this.#add(path, this.#createNode("file", mode)));
  }

  createFolder(path: FilePath, mode: number): void {
    this.#add(path, this.#createNode("folder", mode));
  }

  createLink(path: FilePath, target: string): void {
    this.#add(path, this.#createNode("link", 0o777, target));
  }

  readLink(path: FilePath): string {
    const node = this.#find(path);
    if (node.kind !== "link") {
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    return node.target;
  }

  remove(path: FilePath, isFolder: boolean): void {
    const node = this.#find(path);
    if (isFolder !== (node.kind === "folder")) {
      throw new FileTreeError(isFolder ? ERROR_NUMBER.notFolder : ERROR_NUMBER.isFolder);
    }
    if (node.children.size > 0) {
      throw new FileTreeError(ERROR_NUMBER.notEmpty);
    }
    this.#parent(path).children.delete(nameOf(path));
    this.#release(node);
  }

  rename(from: FilePath, to: FilePath): void {
    const node = this.#find(from);
    const parent = this.#parent(to);
    const present = parent.children.get(nameOf(to));
    if (from.every((name, index) => to[index] === name) && to.length > from.length) {
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    if (present === node) {
      return;
    }
    if (present !== undefined) {
      this.remove(to, node.kind === "folder");
    }
    this.#parent(from).children.delete(nameOf(from));
    parent.children.set(nameOf(to), node);
  }

  change(path: FilePath, change: FileChange): void {
    const node = this.#find(path);
    const now = this.#options.now();
    const toTime = (time: number | "now"): number => (time === "now" ? now : time);
    if (change.sizeBytes !== undefined) {
      if (node.kind !== "file") {
        throw new FileTreeError(ERROR_NUMBER.isFolder);
      }
      this.#resize(node, change.sizeBytes);
    }
    node.mode = change.mode ?? node.mode;
    node.accessedAt = toTime(change.accessedAt ?? node.accessedAt);
    node.modifiedAt = toTime(change.modifiedAt ?? node.modifiedAt);
  }

  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    const { capacityBytes } = this.#options;
    return { totalBytes: capacityBytes, freeBytes: Math.max(0, capacityBytes - this.#used) };
  }

  #createNode(kind: FileKind, mode: number, target = ""): Node {
    const now = this.#options.now();
    this.#identity += 1;
    const times = { accessedAt: now, modifiedAt: now };
    const content = { bytes: new Uint8Array(0), size: 0, target, children: new Map<string, Node>() };
    return { kind, identity: this.#identity, mode, links: 1, ...times, ...content };
  }

  #add(path: FilePath, node: Node): Node {
    const { children } = this.#parent(path);
    if (children.has(nameOf(path))) {
      throw new FileTreeError(ERROR_NUMBER.exists);
    }
    this.#reserve(NODE_BYTES);
    children.set(nameOf(path), node);
    return node;
  }

  #find(path: FilePath): Node {
    let node = this.#root;
    for (const name of path) {
      if (node.kind !== "folder") {
        throw new FileTreeError(ERROR_NUMBER.notFolder);
      }
      const child = node.children.get(name);
      if (child === undefined) {
        throw new FileTreeError(ERROR_NUMBER.notFound);
      }
      node = child;
    }
    return node;
  }

  #folder(path: FilePath): Node {
    const node = this.#find(path);
    if (node.kind !== "folder") {
      throw new FileTreeError(ERROR_NUMBER.notFolder);
    }
    return node;
  }

  #parent(path: FilePath): Node {
    if (path.length === 0) {
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    return this.#folder(path.slice(0, -1));
  }

  #toOpenFile(node: Node): OpenFile {
    return {
      status: () => toStatus(node),
      read: (offset, into) => {
        const bytes = node.bytes.subarray(Math.min(offset, node.size), Math.min(offset + into.length, node.size));
        into.set(bytes);
        return bytes.length;
      },
      write: (offset, bytes) => {
        if (offset + bytes.length > node.size) {
          this.#resize(node, offset + bytes.length);
        }
        node.bytes.set(bytes, offset);
        node.modifiedAt = this.#options.now();
        return bytes.length;
      },
      sync: () => undefined,
      close: () => undefined,
    };
  }

  #resize(node: Node, size: number): void {
    if (size > this.#options.capacityBytes) {
      throw new FileTreeError(ERROR_NUMBER.tooLarge);
    }
    this.#reserve(size - node.size);
    if (size > node.bytes.length) {
      const grown = new Uint8Array(Math.min(Math.max(size, 2 * node.bytes.length), this.#options.capacityBytes));
      grown.set(node.bytes.subarray(0, node.size));
      node.bytes = grown;
    }
    node.bytes.fill(0, Math.min(size, node.size), node.size);
    node.size = size;
    node.modifiedAt = this.#options.now();
  }

  #reserve(bytes: number): void {
    if (bytes > 0 && this.#used + bytes > this.#options.capacityBytes) {
      throw new FileTreeError(ERROR_NUMBER.noSpace);
    }
    this.#used += bytes;
  }

  #release(node: Node): void {
    node.links = 0;
    this.#used -= NODE_BYTES + node.size;
  }
}

function toStatus(node: Node): FileStatus {
  const { kind, identity, mode, links, accessedAt, modifiedAt } = node;
  const sizeBytes = kind === "link" ? encodeText(node.target).length : node.size;
  return { kind, identity, mode, links, accessedAt, modifiedAt, sizeBytes };
}

function nameOf(path: FilePath): string {
  return path.at(-1) ?? "";
}
