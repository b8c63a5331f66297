/** Text whose UTF-8 was once read as a Windows code page and written as UTF-8 again: `âœ…` for `✅`. */

const BYTES = toByteTable(["windows-1252", "windows-1254"]);
/** Fewer than this, and they may be meant. */
const FEWEST = 2;

/** Text that can be read again, and how many characters were mended. */
export type MendedText = { readonly text: string; readonly mended: number };

/** Undoes double encoding where what comes out is valid; what was damaged beyond that stays as it is. */
export function mendEncoding(text: string): MendedText {
  let mended = 0;
  const result = text.replaceAll(/\P{ASCII}{2,}/gu, (run) => {
    const [decoded, count] = decodeRun(run);
    mended += count;
    return decoded;
  });
  return mended >= FEWEST ? { text: result, mended } : { text, mended: 0 };
}

function decodeRun(run: string): readonly [string, number] {
  const characters = Array.from(run);
  let result = "";
  let count = 0;
  let index = 0;
  while (index < characters.length) {
    const decoded = decodeAt(characters, index);
    result += decoded?.character ?? characters[index];
    index += decoded?.length ?? 1;
    count += decoded === undefined ? 0 : 1;
  }
  return [result, count];
}

/** The character whose UTF-8 bytes the characters at `index` stand for. */
function decodeAt(
  characters: readonly string[],
  index: number,
): { readonly character: string; readonly length: number } | undefined {
  const length = sequenceLength(BYTES.get(characters[index] ?? "") ?? 0);
  const bytes = characters.slice(index, index + length).map((character) => BYTES.get(character));
  if (length < 2 || bytes.length < length || bytes.includes(undefined)) return undefined;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return { character: decoder.decode(Uint8Array.from(bytes.map(Number))), length };
  } catch {
    return undefined; // Not the bytes of a character: it was meant as it stands, or a byte was lost.
  }
}

/** Bytes of the UTF-8 sequence that a lead byte begins; 1 for a byte that begins none. */
function sequenceLength(lead: number): number {
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xc2 && lead < 0xe0 ? 2 : 1;
}

/** Which byte a character was read from, in any of the code pages; the first page has precedence. */
function toByteTable(encodings: readonly string[]): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  for (const encoding of encodings) {
    const decoder = new TextDecoder(encoding);
    for (let byte = 0x80; byte <= 0xff; byte++) {
      const character = decoder.decode(Uint8Array.of(byte));
      if (!table.has(character)) table.set(character, byte);
    }
  }
  return table;
}
