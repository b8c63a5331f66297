import { CHECKSUM_BYTES, checksum } from "../cache/checksum.ts";
import { stateList } from "../devices/virtio/state.ts";
import { HEADER, HEADER_BYTES, invalidSnapshot, MAGIC, SNAPSHOT_VERSION } from "./format.ts";
import type { SnapshotFile } from "./snapshot-file.ts";
import { decodeState } from "./state-encoding.ts";
import { type SectionsIn, StoredSection } from "./stored-section.ts";

/** The sections of a snapshot, by name. */
export type Directory = ReadonlyMap<string, StoredSection>;

/**
 * Reads what sections there are.
 * @throws VmError `snapshot_invalid` where the file is none, of another version, cut off, or its directory is damaged
 */
export function readDirectory({ file, crc32 }: SectionsIn): Directory {
  const bytes = readDirectoryBytes(file);
  let offset = HEADER_BYTES + bytes.length;
  const sections = new Map<string, StoredSection>();
  for (const state of stateList(decodeState(bytes), "sections")) {
    const section = new StoredSection({ file, crc32 }, state, offset);
    if (sections.has(section.name)) throw invalidSnapshot(`has two sections named "${section.name}"`);
    sections.set(section.name, section);
    offset = section.end;
    if (offset > file.byteLength) throw invalidSnapshot(`is cut off in its section "${section.name}"`);
  }
  if (offset !== file.byteLength) throw invalidSnapshot("has something behind its end");
  return sections;
}

function readDirectoryBytes(file: SnapshotFile): Uint8Array {
  const header = file.read(0, Math.min(HEADER_BYTES, file.byteLength));
  if (header.length < HEADER_BYTES || MAGIC.some((byte, index) => header[index] !== byte))
    throw invalidSnapshot("is none: its first bytes are others", "give one that `snapshot` made");
  const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
  const version = view.getUint32(HEADER.version, true);
  if (version !== SNAPSHOT_VERSION)
    throw invalidSnapshot(
      `has format ${version}, and this engine reads format ${SNAPSHOT_VERSION}`,
      "take a new snapshot, or restore it with the version of Cloister that took it",
    );
  const length = view.getUint32(HEADER.directoryBytes, true);
  if (HEADER_BYTES + length > file.byteLength) throw invalidSnapshot("is cut off in its directory");
  const bytes = file.read(HEADER_BYTES, length);
  const expected = header.subarray(HEADER.checksum, HEADER.checksum + CHECKSUM_BYTES);
  if (!checksum(bytes).every((byte, index) => byte === expected[index]))
    throw invalidSnapshot("has a damaged directory");
  return bytes;
}

/** The section of a name. @throws VmError `snapshot_invalid` where there is none */
export function sectionOf(directory: Directory, name: string): StoredSection {
  const section = directory.get(name);
  if (section === undefined) throw invalidSnapshot(`has no section "${name}"`);
  return section;
}
