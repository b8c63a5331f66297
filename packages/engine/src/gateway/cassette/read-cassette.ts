import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { MAX_RECORD_BYTES, type RecordedExchange } from "./exchange.ts";
import { MARKER_BYTES, MARKER_START, parseMarker, unpackFrame } from "./member.ts";
import { parseRecord } from "./record.ts";

/** What a cassette's file is called. */
export const CASSETTE_EXTENSION = ".cassette";
/** A file with more damaged members than this is given up: looking for the next one costs time, which an attacker could use up. */
const MAX_DAMAGED = 100;
/** Bytes that are looked through at once for the next marker. */
const SEARCH_BYTES = 64 * 1024;

/** Where a member stands in its file. */
type Place = { readonly offset: number; readonly exchange: RecordedExchange };

/** How to read a cassette. */
export type ReadOptions = {
  /** Told, in one line for people, of each member in the middle that can't be read. */
  readonly onProblem?: (line: string) => void;
};

/** The cassettes of a folder, in the order of their iterations. @throws the system's error where it can't be read. */
export async function findCassettes(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(CASSETTE_EXTENSION));
  return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((name) => join(folder, name));
}

/**
 * Reads a cassette's exchanges in the order in which they ended. Memory is bounded by one of them, whatever the file holds. A torn
 * end, which a killed recorder leaves, is where the cassette ends; damaged members are passed over.
 * @throws CloisterError `usage_invalid` where the file is no cassette, of another version, or damaged beyond use.
 */
export async function* readCassette(path: string, options: ReadOptions = {}): AsyncGenerator<RecordedExchange, void> {
  for await (const { exchange } of readPlaces(path, options)) yield exchange;
}

/** Like {@link readCassette}, with the offset in bytes at which {@link readExchangeAt} finds each exchange again. */
export async function* readPlaces(path: string, { onProblem }: ReadOptions = {}): AsyncGenerator<Place, void> {
  await using file = await open(path, "r");
  await refuseOtherFiles(file, path);
  let damaged = 0;
  let offset: number | undefined = 0;
  while (offset !== undefined) {
    const member = await readMember(file, path, offset);
    if (member.type === "end") return;
    if (member.type === "read") yield { offset, exchange: member.exchange };
    else {
      damaged += 1;
      if (damaged > MAX_DAMAGED) throw notACassette(path, `more than ${MAX_DAMAGED} damaged exchanges`);
    }
    const next: number | undefined = member.type === "read" ? member.next : await findMarker(file, offset + 1);
    // What is torn at the very end is a recording that was killed: nothing that a reader could act upon.
    if (member.type === "damaged" && next !== undefined)
      onProblem?.(`${path}: no exchange can be read at byte ${offset}.`);
    offset = next;
  }
}

/** Reads one exchange again. Undefined where there is none any more. @throws the system's error where the file can't be read. */
export async function readExchangeAt(path: string, offset: number): Promise<RecordedExchange | undefined> {
  await using file = await open(path, "r");
  const member = await readMember(file, path, offset);
  return member.type === "read" ? member.exchange : undefined;
}

type Member =
  | { readonly type: "read"; readonly exchange: RecordedExchange; readonly next: number }
  | { readonly type: "damaged" }
  | { readonly type: "end" };

async function readMember(file: FileHandle, path: string, offset: number): Promise<Member> {
  const head = await readBytes(file, offset, MARKER_BYTES);
  if (head.length === 0) return { type: "end" };
  const marker = parseMarker(head);
  if (marker === undefined) return { type: "damaged" };
  const start = offset + MARKER_BYTES;
  const { size } = await file.stat();
  if (marker.length > MAX_RECORD_BYTES || start + marker.length > size) return { type: "damaged" };
  const record = await unpackFrame(await readBytes(file, start, marker.length), marker);
  const exchange = record === undefined ? undefined : parseRecord(record, path);
  return exchange === undefined ? { type: "damaged" } : { type: "read", exchange, next: start + marker.length };
}

/** The offset of the next marker from `from` on; undefined where there is none. */
async function findMarker(file: FileHandle, from: number): Promise<number | undefined> {
  for (let offset = from; ; offset += SEARCH_BYTES - MARKER_START.length) {
    const bytes = await readBytes(file, offset, SEARCH_BYTES);
    const found = bytes.indexOf(MARKER_START);
    if (found !== -1) return offset + found;
    if (bytes.length < SEARCH_BYTES) return undefined;
  }
}

/** Up to `length` bytes; fewer at the file's end. */
async function readBytes(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function refuseOtherFiles(file: FileHandle, path: string): Promise<void> {
  const start = await readBytes(file, 0, MARKER_START.length);
  if (!start.equals(MARKER_START.subarray(0, start.length))) throw notACassette(path, "something else");
}

function notACassette(path: string, found: string): CloisterError {
  const message = `Expected a cassette that Cloister recorded, found ${found}.`;
  return new CloisterError({ code: "usage_invalid", message, file: path, remedy: "Name a folder given to --record." });
}
