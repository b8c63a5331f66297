import { readBytes, readNumber } from "../bus/device-state.ts";
import type { DeviceState } from "../bus/port.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import type { BlockCodec } from "./codec.ts";
import type { Crc32 } from "./crc32.ts";
import { BLOCK_BYTES, invalidSnapshot, joinBytes, NO_CODEC } from "./format.ts";
import { mapTogether } from "./map-together.ts";
import { readText } from "./read-text.ts";
import type { SnapshotFile } from "./snapshot-file.ts";

/** Where sections are, and what checks them. */
export type SectionsIn = { readonly file: SnapshotFile; readonly crc32: Crc32 };

/** A section in a file, as the directory describes it: nothing of its content is read, checked or expanded before it is asked for. */
export class StoredSection {
  readonly name: string;
  /** Bytes of its content. */
  readonly length: number;
  /** Bytes of its content in each block but the last. */
  readonly blockBytes: number;
  /** Where it ends in the file. */
  readonly end: number;
  readonly #file: SnapshotFile;
  readonly #codec: string;
  readonly #checksums: DataView;
  readonly #crc32: Crc32;
  /** Where each block begins in the file, and the last one ends. */
  readonly #offsets: Float64Array;

  /**
   * @param state its entry in the directory
   * @param start where it begins in the file
   * @throws VmError `snapshot_invalid` where it is no entry. It may end behind the file
   */
  constructor({ file, crc32 }: SectionsIn, state: DeviceState, start: number) {
    this.#file = file;
    this.#crc32 = crc32;
    this.name = readText(state, "name");
    this.length = readNumber(state, "length");
    this.blockBytes = readNumber(state, "blockBytes", BLOCK_BYTES);
    this.#codec = readText(state, "codec");
    if (this.blockBytes === 0 || this.blockBytes % PAGE_BYTES !== 0)
      throw invalidSnapshot(`has blocks of ${this.blockBytes} bytes in its section "${this.name}"`);
    const count = Math.ceil(this.length / this.blockBytes);
    this.#checksums = new DataView(readBytes(state, "checksums", count * 4).buffer);
    this.#offsets = this.#locate(readBytes(state, "stored", count * 4), start);
    this.end = this.#offsets[count] ?? start;
  }

  /** How many blocks it has. */
  get blockCount(): number {
    return this.#offsets.length - 1;
  }

  /** True where nothing of it is compressed: then `block` gives all of it. */
  get isPlain(): boolean {
    return this.#codec === NO_CODEC;
  }

  /** Reads a block as it is stored: its content, where the section is plain. @throws VmError `snapshot_invalid` where it is damaged */
  block(index: number): Uint8Array {
    const start = this.#offsets[index] ?? 0;
    const bytes = this.#file.read(start, (this.#offsets[index + 1] ?? start) - start);
    if (this.#crc32(bytes) !== this.#checksums.getUint32(index * 4, true))
      throw invalidSnapshot(`is damaged in its section "${this.name}"`);
    return bytes;
  }

  /** Closes the file: nothing more is going to be read. */
  close(): void {
    this.#file.close();
  }

  /** Checks all of it. @throws VmError `snapshot_invalid` where it is damaged */
  check(): void {
    for (let index = 0; index < this.blockCount; index++) this.block(index);
  }

  /**
   * Reads and expands all of it.
   * @param codecs that the host has @param maximum bytes that it may have
   * @throws VmError `snapshot_invalid` where it has more, a block is damaged, or there is no such codec
   */
  async expand(codecs: readonly BlockCodec[], maximum: number): Promise<readonly Uint8Array[]> {
    if (this.length > maximum)
      throw invalidSnapshot(`has a section "${this.name}" of ${this.length} bytes, more than ${maximum}`);
    const indices = Array.from({ length: this.blockCount }, (_, index) => index);
    return mapTogether(indices, async (index) => this.#expandBlock(index, codecs));
  }

  /** As `expand`, in one piece. */
  async bytes(codecs: readonly BlockCodec[], maximum: number): Promise<Uint8Array> {
    const blocks = await this.expand(codecs, maximum);
    const [only] = blocks;
    return only !== undefined && blocks.length === 1 ? only : joinBytes(blocks);
  }

  async #expandBlock(index: number, codecs: readonly BlockCodec[]): Promise<Uint8Array> {
    const stored = this.block(index);
    const wanted = this.#lengthOf(index);
    if (stored.length === wanted) return stored;
    const bytes = await this.#decompress(stored, codecs, wanted);
    if (bytes.length !== wanted) throw this.#wrongLength();
    return bytes;
  }

  async #decompress(stored: Uint8Array, codecs: readonly BlockCodec[], length: number): Promise<Uint8Array> {
    const codec = codecs.find(({ name }) => name === this.#codec);
    if (codec === undefined) {
      const known = [NO_CODEC, ...codecs.map(({ name }) => name)].join(", ");
      throw invalidSnapshot(`is compressed with "${this.#codec}"`, `this host has ${known}; take it with one of these`);
    }
    try {
      return await codec.expand(stored, length);
    } catch (cause) {
      throw invalidSnapshot(`has a block that ${this.#codec} can't expand`, undefined, { cause });
    }
  }

  #lengthOf(index: number): number {
    return Math.min(this.blockBytes, this.length - index * this.blockBytes);
  }

  #locate(stored: Uint8Array, start: number): Float64Array {
    const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
    const offsets = new Float64Array(stored.length / 4 + 1).fill(start);
    for (let index = 0; index * 4 < stored.length; index++) {
      const length = view.getUint32(index * 4, true);
      if (length > this.#lengthOf(index) || (this.isPlain && length < this.#lengthOf(index))) throw this.#wrongLength();
      offsets[index + 1] = (offsets[index] ?? 0) + length;
    }
    return offsets;
  }

  #wrongLength(): Error {
    return invalidSnapshot(`has a block of a wrong length in its section "${this.name}"`);
  }
}
