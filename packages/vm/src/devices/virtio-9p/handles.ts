import type { DeviceState } from "../../bus/port.ts";
import { stateBytes, stateList, stateNumber } from "../virtio/state.ts";
import { ERROR_NUMBER, FileTreeError, type FilePath, type FileTree, type OpenFile, type OpenMode } from "./port.ts";
import { decodeText, encodeText } from "./text.ts";

/** Most handles of a guest, and most files that it has open at once. */
const HANDLES_MAX = 65_536;
const OPEN_MAX = 1024;

/** What a number of the guest's stands for ("fid"). */
export type Handle = {
  path: FilePath;
  file?: { readonly open: OpenFile; readonly mode: OpenMode };
  /** What a folder held when its list was begun. */
  names?: readonly string[];
};

/** The guest's handles. */
export class Handles {
  readonly #tree: FileTree;
  readonly #handles = new Map<number, Handle>();
  #open = 0;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** True where a number stands for something. */
  has(number: number): boolean {
    return this.#handles.has(number);
  }

  /** @throws FileTreeError where the number stands for nothing */
  get(number: number): Handle {
    const handle = this.#handles.get(number);
    if (handle === undefined) {
      throw new FileTreeError(ERROR_NUMBER.badHandle);
    }
    return handle;
  }

  /** @throws FileTreeError where the number is taken, or there are too many */
  add(number: number, path: FilePath): void {
    if (this.#handles.has(number)) {
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    if (this.#handles.size >= HANDLES_MAX) {
      throw new FileTreeError(ERROR_NUMBER.tooManyOpen);
    }
    this.#handles.set(number, { path });
  }

  /** Opens what a handle stands for. @param open does it */
  open(handle: Handle, mode: OpenMode, open: () => OpenFile): void {
    if (handle.file !== undefined) {
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    if (this.#open >= OPEN_MAX) {
      throw new FileTreeError(ERROR_NUMBER.tooManyOpen);
    }
    handle.file = { open: open(), mode };
    this.#open += 1;
  }

  /** Forgets a handle, and closes its file. */
  remove(number: number): void {
    const handle = this.get(number);
    this.#handles.delete(number);
    if (handle.file !== undefined) {
      this.#open -= 1;
      handle.file.open.close();
    }
  }

  /** Something has another name now: so have the handles on it and beneath it. */
  moved(from: FilePath, to: FilePath): void {
    for (const handle of this.#handles.values()) {
      if (from.every((name, index) => handle.path[index] === name)) {
        handle.path = [...to, ...handle.path.slice(from.length)];
      }
    }
  }

  /** Forgets all. */
  clear(): void {
    for (const number of this.#handles.keys()) {
      this.remove(number);
    }
  }

  save(): readonly DeviceState[] {
    return [...this.#handles].map(([number, { path, file }]) => ({
      number,
      path: encodeText(path.join("/")),
      access: file === undefined ? 0 : file.mode.write ? 2 : 1,
    }));
  }

  /** Opens what was open again; what is gone meanwhile stays closed, and its reads fail. */
  restore(state: DeviceState): void {
    this.clear();
    for (const saved of stateList(state, "handles")) {
      const number = stateNumber(saved, "number");
      const access = stateNumber(saved, "access", 3);
      const text = decodeText(stateBytes(saved, "path")) ?? "";
      const path = text.split("/").filter((name) => isSoundName(name));
      this.add(number, path);
      if (access > 0) {
        this.#reopen(this.get(number), { write: access === 2, truncate: false });
      }
    }
  }

  #reopen(handle: Handle, mode: OpenMode): void {
    try {
      this.open(handle, mode, () => this.#tree.open(handle.path, mode));
    } catch {
      // The file is gone or closed to us now: the guest learns of it at its next read.
    }
  }
}

/** True where a name may stand in a path. */
export function isSoundName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/u.test(name);
}
