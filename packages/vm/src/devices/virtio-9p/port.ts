/**
 * What the 9P device serves. Paths are names from the root, which is the empty path; names are sound: neither empty, nor `.` or `..`, and
 * without slash and NUL. A tree never follows a symbolic link: that is the guest's to do.
 */

/** Names from the root. */
export type FilePath = readonly string[];

/** What a guest may meet; others are not shown. */
export type FileKind = "file" | "folder" | "link";

/** What is known of a file. Times are in ms since 1970. */
export type FileStatus = {
  readonly kind: FileKind;
  /** The same for the same file, below 2^53. */
  readonly identity: number;
  /** Permission bits: 0 to 0o7777. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly links: number;
  readonly accessedAt: number;
  readonly modifiedAt: number;
};

/** What may be changed. Absent stays as it is. */
export type FileChange = {
  readonly mode?: number;
  readonly sizeBytes?: number;
  /** In ms since 1970, or the present. */
  readonly accessedAt?: number | "now";
  readonly modifiedAt?: number | "now";
};

/** An open file. It stays good where its name is removed. */
export interface OpenFile {
  status(): FileStatus;
  /** @returns bytes read; 0 at the end */
  read(offset: number, into: Uint8Array): number;
  /** @returns bytes written */
  write(offset: number, bytes: Uint8Array): number;
  sync(): void;
  close(): void;
}

/** How a file is opened. */
export type OpenMode = { readonly write: boolean; readonly truncate: boolean };

/** A tree of files. Every method may throw `FileTreeError`. */
export interface FileTree {
  status(path: FilePath): FileStatus;
  /** Names in a folder, without `.` and `..`. */
  list(path: FilePath): readonly string[];
  open(path: FilePath, mode: OpenMode): OpenFile;
  /** Makes a file that is not there yet, and opens it for reading and writing. */
  create(path: FilePath, mode: number): OpenFile;
  createFolder(path: FilePath, mode: number): void;
  createLink(path: FilePath, target: string): void;
  readLink(path: FilePath): string;
  /** Removes a name. @param isFolder it must be an empty folder; otherwise it must be none */
  remove(path: FilePath, isFolder: boolean): void;
  rename(from: FilePath, to: FilePath): void;
  change(path: FilePath, change: FileChange): void;
  /** Room in all and still free, in bytes. */
  space(): { readonly totalBytes: number; readonly freeBytes: number };
}

/** Linux's error numbers (asm-generic/errno), as the guest wants them. */
export const ERROR_NUMBER = {
  notFound: 2,
  failed: 5,
  badHandle: 9,
  denied: 13,
  exists: 17,
  notFolder: 20,
  isFolder: 21,
  invalid: 22,
  tooManyOpen: 24,
  tooLarge: 27,
  noSpace: 28,
  readOnly: 30,
  nameTooLong: 36,
  notEmpty: 39,
  linkLoop: 40,
  notSupported: 95,
} as const;

/** Why a tree did not do it. */
export class FileTreeError extends Error {
  override readonly name = "FileTreeError";
  /** Of ERROR_NUMBER. */
  readonly number: number;
  constructor(number: number) {
    super(`error ${number}`);
    this.number = number;
  }
}
