import { Transform } from "node:stream";

/** Bytes that are taken out of what passes, and what stands in their place. */
export type Needle = { readonly find: Buffer; readonly put: Buffer };

/** Replaces needles in what passes, also where one comes in several pieces. Holds back no more than what may be a needle's beginning. */
export function createScrubber(needles: readonly Needle[]): Transform {
  let held = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const { clean, rest } = scrubBytes(Buffer.concat([held, chunk]), needles, false);
      held = rest;
      done(null, clean.length === 0 ? undefined : clean);
    },
    flush(done) {
      done(null, scrubBytes(held, needles, true).clean);
    },
  });
}

/** The same for a text of one piece. */
export function scrubText(text: string, needles: readonly Needle[]): string {
  return scrubBytes(Buffer.from(text, "latin1"), needles, true).clean.toString("latin1");
}

/** @param isLast false: more may come, so that what may be a needle's beginning is the rest. */
function scrubBytes(
  data: Buffer,
  needles: readonly Needle[],
  isLast: boolean,
): { clean: Buffer; rest: Buffer<ArrayBuffer> } {
  const parts: Buffer[] = [];
  let position = 0;
  for (;;) {
    const border = isLast ? data.length : findBeginning(data, needles, position);
    const found = findFirst(data, needles, position);
    if (found === undefined || found.at >= border) {
      parts.push(data.subarray(position, border));
      return { clean: Buffer.concat(parts), rest: Buffer.from(data.subarray(border)) };
    }
    parts.push(data.subarray(position, found.at), found.needle.put);
    position = found.at + found.needle.find.length;
  }
}

/** The first needle from `position` on; the longest where several begin there. */
function findFirst(
  data: Buffer,
  needles: readonly Needle[],
  position: number,
): { readonly at: number; readonly needle: Needle } | undefined {
  let first: { at: number; needle: Needle } | undefined;
  for (const needle of needles) {
    const at = data.indexOf(needle.find, position);
    if (at === -1) continue;
    const isLonger = at === first?.at && needle.find.length > first.needle.find.length;
    if (first === undefined || at < first.at || isLonger) first = { at, needle };
  }
  return first;
}

/** Where the longest end of the data from `position` on begins that is the beginning, and no more, of a needle. */
function findBeginning(data: Buffer, needles: readonly Needle[], position: number): number {
  let earliest = data.length;
  for (const { find } of needles) {
    for (let at = Math.max(position, data.length - find.length + 1); at < earliest; at += 1) {
      if (data.subarray(at).equals(find.subarray(0, data.length - at))) earliest = at;
    }
  }
  return earliest;
}
