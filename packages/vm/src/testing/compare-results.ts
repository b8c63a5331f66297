import { BLOCK, RESULT_NAMES } from "./stream-layout.ts";

function differencesOf(actual: DataView, expected: DataView, start: number): readonly string[] {
  return RESULT_NAMES.flatMap((name, index) => {
    const [ours, theirs] = [actual, expected].map((view) => view.getBigUint64(start + index * 8, true));
    return ours === theirs ? [] : [`${name} is ${ours?.toString(16)}, not ${theirs?.toString(16)}`];
  });
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The programs of an image whose results differ, by their place in it, each with what differs first. */
export function compareResults(actual: Uint8Array, expected: Uint8Array): readonly string[] {
  const programs = Math.floor(Math.min(actual.length, expected.length) / BLOCK.resultBytes);
  const [ours, theirs] = [viewOf(actual), viewOf(expected)];
  const texts = Array.from({ length: programs }, (_, index) => {
    const differences = differencesOf(ours, theirs, index * BLOCK.resultBytes);
    return differences.length === 0 ? "" : `program ${index}: ${differences.slice(0, 4).join("; ")}`;
  }).filter((text) => text !== "");
  return actual.length === expected.length ? texts : [...texts, `${actual.length} bytes, not ${expected.length}`];
}
