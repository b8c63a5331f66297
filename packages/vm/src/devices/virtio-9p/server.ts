import type { DeviceState } from "../../bus/port.ts";
import { stateNumber } from "../virtio/state.ts";
import { Handles, isSoundName, type Handle } from "./handles.ts";
import { MESSAGE_HEADER_BYTES, MessageReader, MessageWriter, REQUEST } from "./message.ts";
import {
  ERROR_NUMBER,
  FileTreeError,
  type FileChange,
  type FileKind,
  type FilePath,
  type FileStatus,
  type FileTree,
  type OpenFile,
} from "./port.ts";
import { encodeText } from "./text.ts";

/** Longest message. */
export const MESSAGE_BYTES_MAX: number = 128 * 1024;
const MESSAGE_BYTES_MIN = 512;
const VERSION = "9P2000.L";
/** What a read's or write's message has besides its data. */
const DATA_OVERHEAD_BYTES = 24;
const WALK_NAMES_MAX = 16;
const NAME_BYTES_MAX = 255;
const BLOCK_BYTES = 4096;
const FILE_SYSTEM_MAGIC = 0x01021997;

/** Bits of `open` (Linux, asm-generic/fcntl). */
const OPEN_FLAG = { accessMask: 0o3, truncate: 0o1000 } as const;
/** Bit of `unlinkat`: a folder is meant. */
const REMOVE_FOLDER = 0x200;
/** What `getattr` answers: mode to blocks ("basic"). */
const ATTRIBUTES_BASIC = 0x7ff;
/** Bits of `setattr`. */
const SET = { mode: 1, size: 8, accessed: 0x10, modified: 0x20, accessedTo: 0x80, modifiedTo: 0x100 } as const;
/** File types: of `mode`, of a qid, and of a folder's entries. */
const KIND: Readonly<Record<FileKind, { readonly mode: number; readonly qid: number; readonly entry: number }>> = {
  file: { mode: 0o100000, qid: 0, entry: 8 },
  folder: { mode: 0o040000, qid: 0x80, entry: 4 },
  link: { mode: 0o120000, qid: 0x02, entry: 10 },
};

type Handler = (request: MessageReader, answer: MessageWriter) => void;

/** A 9P2000.L server over a tree of files. */
export class NinePServer {
  readonly #tree: FileTree;
  readonly #isReadOnly: boolean;
  readonly #handles: Handles;
  #messageBytes = MESSAGE_BYTES_MAX;

  /** @param isReadOnly whatever changes something is refused */
  constructor(tree: FileTree, isReadOnly: boolean) {
    this.#tree = tree;
    this.#isReadOnly = isReadOnly;
    this.#handles = new Handles(tree);
  }

  /**
   * Answers a message.
   * @param room bytes that the answer may have
   * @returns undefined where the message is too short to be one, or the room too small for an answer
   */
  answer(message: Uint8Array, room: number): Uint8Array | undefined {
    if (message.length < MESSAGE_HEADER_BYTES) {
      return undefined;
    }
    const reader = new MessageReader(message);
    const size = reader.word();
    const type = reader.byte();
    const tag = reader.short();
    const fields = message.subarray(MESSAGE_HEADER_BYTES, Math.max(MESSAGE_HEADER_BYTES, size));
    const result = this.#run(type, fields, room - MESSAGE_HEADER_BYTES);
    const answer = new MessageWriter();
    answer
      .word(MESSAGE_HEADER_BYTES + result.fields.length)
      .byte(result.type + 1)
      .short(tag)
      .bytes(result.fields);
    return answer.length <= room ? answer.toBytes() : undefined;
  }

  /** Forgets all handles. */
  reset(): void {
    this.#handles.clear();
    this.#messageBytes = MESSAGE_BYTES_MAX;
  }

  save(): DeviceState {
    return { messageBytes: this.#messageBytes, handles: this.#handles.save() };
  }

  /** @throws VmError `snapshot_invalid` */
  restore(state: DeviceState): void {
    this.#messageBytes = stateNumber(state, "messageBytes", MESSAGE_BYTES_MAX + 1);
    this.#handles.restore(state);
  }

  #run(type: number, fields: Uint8Array, room: number): { readonly type: number; readonly fields: Uint8Array } {
    const answer = new MessageWriter();
    try {
      const handler = this.#handlers[type];
      if (handler === undefined) {
        throw new FileTreeError(ERROR_NUMBER.notSupported);
      }
      handler(new MessageReader(fields), answer);
      if (answer.length <= room) {
        return { type, fields: answer.toBytes() };
      }
      return { type: REQUEST.error, fields: new MessageWriter().word(ERROR_NUMBER.failed).toBytes() };
    } catch (error) {
      const number = error instanceof FileTreeError ? error.number : ERROR_NUMBER.failed;
      return { type: REQUEST.error, fields: new MessageWriter().word(number).toBytes() };
    }
  }

  readonly #handlers: Readonly<Record<number, Handler>> = {
    [REQUEST.version]: (request, answer) => this.#version(request, answer),
    [REQUEST.attach]: (request, answer) => {
      const number = request.word();
      this.#handles.add(number, []);
      this.#writeQid(answer, this.#tree.status([]));
    },
    // Requests are answered one after another: nothing is under way that could be given up.
    [REQUEST.flush]: () => undefined,
    [REQUEST.walk]: (request, answer) => this.#walk(request, answer),
    [REQUEST.open]: (request, answer) => this.#open(request, answer),
    [REQUEST.create]: (request, answer) => this.#create(request, answer),
    [REQUEST.read]: (request, answer) => this.#read(request, answer),
    [REQUEST.write]: (request, answer) => this.#write(request, answer),
    [REQUEST.readdir]: (request, answer) => this.#readFolder(request, answer),
    [REQUEST.getattr]: (request, answer) => this.#writeAttributes(answer, this.#status(this.#handle(request))),
    [REQUEST.setattr]: (request) => this.#setAttributes(request),
    [REQUEST.mkdir]: (request, answer) => {
      const path = this.#changedPath(request);
      this.#tree.createFolder(path, request.word() & 0o7777);
      this.#writeQid(answer, this.#tree.status(path));
    },
    [REQUEST.symlink]: (request, answer) => {
      const path = this.#changedPath(request);
      this.#tree.createLink(path, request.text());
      this.#writeQid(answer, this.#tree.status(path));
    },
    [REQUEST.unlinkat]: (request) => {
      const path = this.#changedPath(request);
      this.#tree.remove(path, (request.word() & REMOVE_FOLDER) !== 0);
    },
    [REQUEST.renameat]: (request) => {
      const from = this.#changedPath(request);
      const to = this.#changedPath(request);
      this.#tree.rename(from, to);
      this.#handles.moved(from, to);
    },
    [REQUEST.readlink]: (request, answer) => {
      answer.text(this.#tree.readLink(this.#handle(request).path));
    },
    [REQUEST.fsync]: (request) => this.#handle(request).file?.open.sync(),
    [REQUEST.clunk]: (request) => this.#handles.remove(request.word()),
    [REQUEST.statfs]: (request, answer) => {
      this.#handle(request);
      this.#writeSpace(answer);
    },
  };

  #version(request: MessageReader, answer: MessageWriter): void {
    const messageBytes = request.word();
    const isKnown = request.text() === VERSION && messageBytes >= MESSAGE_BYTES_MIN;
    this.reset();
    this.#messageBytes = isKnown ? Math.min(messageBytes, MESSAGE_BYTES_MAX) : MESSAGE_BYTES_MAX;
    answer.word(this.#messageBytes).text(isKnown ? VERSION : "unknown");
  }

  #walk(request: MessageReader, answer: MessageWriter): void {
    const from = this.#handle(request);
    const number = request.word();
    const count = request.short();
    if (count > WALK_NAMES_MAX) {
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    let { path } = from;
    const reached: FileStatus[] = [];
    for (let index = 0; index < count; index += 1) {
      const name = request.text();
      path = name === ".." ? path.slice(0, -1) : [...path, toSoundName(name)];
      const status = this.#statusOrMissing(path, index === 0);
      if (status === undefined) {
        break;
      }
      reached.push(status);
    }
    if (reached.length === count) {
      this.#place(from, number, path);
    }
    answer.short(reached.length);
    for (const status of reached) {
      this.#writeQid(answer, status);
    }
  }

  /** A walk that stops on its way says how far it came; one that can't begin says why. */
  #statusOrMissing(path: FilePath, isFirst: boolean): FileStatus | undefined {
    try {
      return this.#tree.status(path);
    } catch (error) {
      if (isFirst) {
        throw error;
      }
      return undefined;
    }
  }

  #place(from: Handle, number: number, path: FilePath): void {
    if (this.#handles.has(number) && this.#handles.get(number) === from) {
      from.path = path;
    } else {
      this.#handles.add(number, path);
    }
  }

  #open(request: MessageReader, answer: MessageWriter): void {
    const handle = this.#handle(request);
    const flags = request.word();
    const mode = { write: (flags & OPEN_FLAG.accessMask) !== 0, truncate: (flags & OPEN_FLAG.truncate) !== 0 };
    if (mode.write || mode.truncate) {
      this.#checkChange();
    }
    const status = this.#tree.status(handle.path);
    if (status.kind === "file") {
      this.#handles.open(handle, mode, () => this.#tree.open(handle.path, mode));
    } else if (status.kind === "link" || mode.write) {
      throw new FileTreeError(status.kind === "link" ? ERROR_NUMBER.linkLoop : ERROR_NUMBER.isFolder);
    } else {
      handle.names = this.#tree.list(handle.path);
    }
    this.#writeQid(answer, status);
    answer.word(0);
  }

  #create(request: MessageReader, answer: MessageWriter): void {
    const handle = this.#handle(request);
    this.#checkChange();
    const path = [...handle.path, toSoundName(request.text())];
    request.word();
    const permissions = request.word() & 0o7777;
    this.#handles.open(handle, { write: true, truncate: false }, () => this.#tree.create(path, permissions));
    handle.path = path;
    this.#writeQid(answer, this.#tree.status(path));
    answer.word(0);
  }

  #read(request: MessageReader, answer: MessageWriter): void {
    const file = openFileOf(this.#handle(request));
    const offset = request.long();
    const bytes = new Uint8Array(Math.min(request.word(), this.#messageBytes - DATA_OVERHEAD_BYTES));
    const count = file.read(offset, bytes);
    answer.word(count).bytes(bytes.subarray(0, count));
  }

  #write(request: MessageReader, answer: MessageWriter): void {
    const handle = this.#handle(request);
    const file = openFileOf(handle);
    if (handle.file?.mode.write !== true) {
      throw new FileTreeError(ERROR_NUMBER.badHandle);
    }
    const offset = request.long();
    answer.word(file.write(offset, request.bytes(request.word())));
  }

  #readFolder(request: MessageReader, answer: MessageWriter): void {
    const handle = this.#handle(request);
    const offset = request.long();
    const room = Math.min(request.word(), this.#messageBytes - DATA_OVERHEAD_BYTES);
    if (handle.names === undefined) {
      throw new FileTreeError(ERROR_NUMBER.badHandle);
    }
    if (offset === 0) {
      handle.names = this.#tree.list(handle.path);
    }
    const entries = new MessageWriter();
    for (const [index, name] of [".", "..", ...handle.names].entries()) {
      const entry = index < offset ? undefined : this.#createEntry(handle.path, name, index + 1);
      if (entry !== undefined && entries.length + entry.length > room) {
        break;
      }
      entries.bytes(entry ?? new Uint8Array(0));
    }
    answer.word(entries.length).bytes(entries.toBytes());
  }

  /** @returns undefined for what went away meanwhile, or is none of the kinds that are shown */
  #createEntry(folder: FilePath, name: string, offset: number): Uint8Array | undefined {
    const parent = name === ".." ? folder.slice(0, -1) : folder;
    const status = this.#statusOrMissing(isSoundName(name) ? [...folder, name] : parent, false);
    if (status === undefined) {
      return undefined;
    }
    const entry = new MessageWriter();
    this.#writeQid(entry, status);
    return entry.long(offset).byte(KIND[status.kind].entry).text(name).toBytes();
  }

  #setAttributes(request: MessageReader): void {
    const handle = this.#handle(request);
    this.#checkChange();
    const valid = request.word();
    const mode = request.word() & 0o7777;
    // Owner and group stay the host's: whoever runs the machine owns what it makes.
    request.bytes(8);
    const sizeBytes = request.long();
    const [accessedAt, modifiedAt] = [readTime(request), readTime(request)];
    const change: FileChange = {
      ...((valid & SET.mode) === 0 ? {} : { mode }),
      ...((valid & SET.size) === 0 ? {} : { sizeBytes }),
      ...((valid & SET.accessed) === 0 ? {} : { accessedAt: (valid & SET.accessedTo) === 0 ? "now" : accessedAt }),
      ...((valid & SET.modified) === 0 ? {} : { modifiedAt: (valid & SET.modifiedTo) === 0 ? "now" : modifiedAt }),
    };
    this.#tree.change(handle.path, change);
  }

  #handle(request: MessageReader): Handle {
    return this.#handles.get(request.word());
  }

  /** The path of a folder's handle and a name that follow one another, where something is to change. */
  #changedPath(request: MessageReader): FilePath {
    const { path } = this.#handle(request);
    this.#checkChange();
    return [...path, toSoundName(request.text())];
  }

  #checkChange(): void {
    if (this.#isReadOnly) {
      throw new FileTreeError(ERROR_NUMBER.readOnly);
    }
  }

  #status(handle: Handle): FileStatus {
    return handle.file?.open.status() ?? this.#tree.status(handle.path);
  }

  #writeQid(answer: MessageWriter, status: FileStatus): void {
    // The version changes with the content, so that a guest that caches notices.
    const version = Math.floor(status.modifiedAt) % 2 ** 32;
    answer.byte(KIND[status.kind].qid).word(version).long(status.identity);
  }

  #writeAttributes(answer: MessageWriter, status: FileStatus): void {
    answer.long(ATTRIBUTES_BASIC);
    this.#writeQid(answer, status);
    answer
      .word(KIND[status.kind].mode | status.mode)
      .word(0)
      .word(0);
    answer
      .long(status.links)
      .long(0)
      .long(status.sizeBytes)
      .long(BLOCK_BYTES)
      .long(Math.ceil(status.sizeBytes / 512));
    for (const time of [status.accessedAt, status.modifiedAt, status.modifiedAt, 0]) {
      answer.long(Math.floor(time / 1000)).long(Math.floor((time % 1000) * 1e6));
    }
    answer.long(0).long(0);
  }

  #writeSpace(answer: MessageWriter): void {
    const { totalBytes, freeBytes } = this.#tree.space();
    const free = Math.floor(freeBytes / BLOCK_BYTES);
    answer
      .word(FILE_SYSTEM_MAGIC)
      .word(BLOCK_BYTES)
      .long(Math.floor(totalBytes / BLOCK_BYTES))
      .long(free)
      .long(free);
    answer.long(0).long(0).long(0).word(NAME_BYTES_MAX);
  }
}

function toSoundName(name: string): string {
  if (!isSoundName(name)) {
    throw new FileTreeError(ERROR_NUMBER.invalid);
  }
  if (encodeText(name).length > NAME_BYTES_MAX) {
    throw new FileTreeError(ERROR_NUMBER.nameTooLong);
  }
  return name;
}

function openFileOf(handle: Handle): OpenFile {
  if (handle.file === undefined) {
    throw new FileTreeError(ERROR_NUMBER.badHandle);
  }
  return handle.file.open;
}

function readTime(request: MessageReader): number {
  const seconds = request.long();
  return seconds * 1000 + Math.floor(request.long() / 1e6);
}
