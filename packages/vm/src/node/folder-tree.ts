import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import {
  ERROR_NUMBER,
  FileTreeError,
  type FileChange,
  type FileKind,
  type FilePath,
  type FileStatus,
  type FileTree,
  type OpenFile,
} from "../devices/virtio-9p/port.ts";

/** A link in place of a file fails, and a pipe in place of a file does not hold the machine up. */
const OPEN_SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A folder of this host as a tree of files. Every folder on the way to a file is looked at first: a path that leads through a symbolic
 * link is refused, wherever the link points. That holds against the guest, which does one thing after another; whoever else may write
 * to the folder meanwhile must be trusted not to put links in place of folders.
 * @param root an existing folder; links in its own path are followed once, now
 */
export function createFolderTree(root: string): FileTree {
  const base = realpathSync(root);
  return {
    status: (path) => attempt(() => toStatus(lstatSync(resolve(base, path)))),
    list: (path) => attempt(() => readdirSync(resolveFolder(base, path))),
    open: (path, { write, truncate }) =>
      attempt(() => {
        const access = write ? constants.O_RDWR : constants.O_RDONLY;
        const file = openFile(resolve(base, path), access | OPEN_SAFELY);
        if (truncate) {
          file.truncate();
        }
        return file;
      }),
    create: (path, mode) =>
      attempt(() => {
        const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | OPEN_SAFELY;
        return openFile(resolve(base, path), flags, mode & 0o777);
      }),
    createFolder: (path, mode) =>
      attempt(() => {
        mkdirSync(resolve(base, path), { mode: mode & 0o777 });
      }),
    createLink: (path, target) => attempt(() => symlinkSync(target, resolve(base, path))),
    readLink: (path) => attempt(() => readlinkSync(resolve(base, path))),
    remove: (path, isFolder) =>
      attempt(() => (isFolder ? rmdirSync(resolve(base, path)) : unlinkSync(resolve(base, path)))),
    rename: (from, to) => attempt(() => renameSync(resolve(base, from), resolve(base, to))),
    change: (path, change) => attempt(() => changeFile(resolve(base, path), change)),
    space: () =>
      attempt(() => {
        const { bsize, blocks, bavail } = statfsSync(base);
        return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
      }),
  };
}

/** The host's path, where all folders before the last name are folders and no links. */
function resolve(base: string, path: FilePath): string {
  let folder = base;
  for (const name of path.slice(0, -1)) {
    folder = join(folder, name);
    if (!lstatSync(folder).isDirectory()) {
      throw new FileTreeError(ERROR_NUMBER.notFolder);
    }
  }
  return join(folder, path.at(-1) ?? "");
}

function resolveFolder(base: string, path: FilePath): string {
  const folder = resolve(base, path);
  if (!lstatSync(folder).isDirectory()) {
    throw new FileTreeError(ERROR_NUMBER.notFolder);
  }
  return folder;
}

function openFile(path: string, flags: number, mode?: number): OpenFile & { truncate(): void } {
  const descriptor = openSync(path, flags, mode);
  if (!fstatSync(descriptor).isFile()) {
    closeSync(descriptor);
    throw new FileTreeError(ERROR_NUMBER.isFolder);
  }
  return {
    status: () => attempt(() => toStatus(fstatSync(descriptor))),
    read: (offset, into) => attempt(() => readSync(descriptor, into, 0, into.length, offset)),
    write: (offset, bytes) => attempt(() => writeSync(descriptor, bytes, 0, bytes.length, offset)),
    sync: () => attempt(() => fsyncSync(descriptor)),
    close: () => attempt(() => closeSync(descriptor)),
    truncate: () => ftruncateSync(descriptor, 0),
  };
}

/** Changes by descriptor, so that a link is never followed. */
function changeFile(path: string, { mode, sizeBytes, accessedAt, modifiedAt }: FileChange): void {
  const access = sizeBytes === undefined ? constants.O_RDONLY : constants.O_RDWR;
  const descriptor = openSync(path, access | OPEN_SAFELY);
  try {
    const now = Date.now();
    const toSeconds = (time: number | "now"): number => (time === "now" ? now : time) / 1000;
    if (sizeBytes !== undefined) {
      ftruncateSync(descriptor, sizeBytes);
    }
    if (mode !== undefined) {
      fchmodSync(descriptor, mode & 0o777);
    }
    if (accessedAt !== undefined || modifiedAt !== undefined) {
      const present = fstatSync(descriptor);
      futimesSync(descriptor, toSeconds(accessedAt ?? present.atimeMs), toSeconds(modifiedAt ?? present.mtimeMs));
    }
  } finally {
    closeSync(descriptor);
  }
}

function toStatus(stats: Stats): FileStatus {
  return {
    kind: toKind(stats),
    identity: stats.ino % 2 ** 53,
    mode: stats.mode & 0o7777,
    sizeBytes: stats.size,
    links: stats.nlink,
    accessedAt: Math.max(0, stats.atimeMs),
    modifiedAt: Math.max(0, stats.mtimeMs),
  };
}

/** Devices, pipes and sockets of the host are nothing to a guest. */
function toKind(stats: Stats): FileKind {
  if (stats.isFile()) {
    return "file";
  }
  if (stats.isDirectory()) {
    return "folder";
  }
  if (stats.isSymbolicLink()) {
    return "link";
  }
  throw new FileTreeError(ERROR_NUMBER.denied);
}

/** Linux's number of the error, which other systems number otherwise. */
function attempt<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    throw error instanceof FileTreeError ? error : new FileTreeError(NUMBERS[code] ?? ERROR_NUMBER.failed);
  }
}

const NUMBERS: Readonly<Record<string, number>> = {
  ENOENT: ERROR_NUMBER.notFound,
  EACCES: ERROR_NUMBER.denied,
  EPERM: ERROR_NUMBER.denied,
  EEXIST: ERROR_NUMBER.exists,
  ENOTDIR: ERROR_NUMBER.notFolder,
  EISDIR: ERROR_NUMBER.isFolder,
  EINVAL: ERROR_NUMBER.invalid,
  EMFILE: ERROR_NUMBER.tooManyOpen,
  ENFILE: ERROR_NUMBER.tooManyOpen,
  EFBIG: ERROR_NUMBER.tooLarge,
  ENOSPC: ERROR_NUMBER.noSpace,
  EROFS: ERROR_NUMBER.readOnly,
  ENAMETOOLONG: ERROR_NUMBER.nameTooLong,
  ENOTEMPTY: ERROR_NUMBER.notEmpty,
  ELOOP: ERROR_NUMBER.linkLoop,
};
