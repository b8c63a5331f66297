import { readFileSync, statSync } from "node:fs";
import { CloisterError } from "@cloister/core";

/** A text that a user wrote, and whose it is: what errors about it need. Offsets into `text` are in UTF-16 units. */
export type SourceText = {
  readonly code: "plan_invalid" | "config_invalid";
  /** As the user named it; undefined where the text came from the command line. */
  readonly file: string | undefined;
  readonly text: string;
};

/** What to say of a fault in a source. */
export type Fault = { readonly message: string; readonly remedy?: string | undefined };

/** The line (from 1) of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (const match of text.slice(0, offset).matchAll(/\r\n|\n|\r/g)) line += match.length;
  return line;
}

/** The error for a fault on a line of a source. */
export function sourceError(source: SourceText, line: number, { message, remedy }: Fault): CloisterError {
  const place = source.file === undefined ? {} : { file: source.file, line };
  return new CloisterError({ code: source.code, message, ...place, ...(remedy === undefined ? {} : { remedy }) });
}

/**
 * Takes a byte order mark off, and refuses what no text has.
 * @throws CloisterError on NUL characters and on empty text.
 */
export function cleanSource(source: SourceText): SourceText {
  const text = source.text.startsWith("\uFEFF") ? source.text.slice(1) : source.text;
  const nul = text.indexOf("\0");
  if (nul !== -1) {
    throw sourceError(source, lineAt(text, nul), {
      message: "expected text, found a NUL character.",
      remedy: "Save the file as UTF-8 text.",
    });
  }
  return { ...source, text };
}

/**
 * Reads a file of at most `maxBytes` as UTF-8.
 * @throws CloisterError where it is missing, not a file, too large or not UTF-8.
 */
export function readSource({ code, file }: Omit<SourceText, "text">, path: string, maxBytes: number): SourceText {
  const fail = (message: string, remedy: string, line?: number): CloisterError =>
    new CloisterError({ code, file: file ?? path, message, remedy, ...(line === undefined ? {} : { line }) });
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw fail("expected a file, found nothing there.", "Check the path.");
  if (!status.isFile()) throw fail("expected a file, found a folder or a device.", "Name a file.");
  if (status.size > maxBytes) {
    throw fail(`expected ${maxBytes} bytes at most, found ${status.size}.`, "Split the file.");
  }
  const bytes = readFileSync(path);
  try {
    return { code, file, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    // The decoder does not say where: the first replacement character of a lenient pass stands there.
    const lenient = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    throw fail("expected UTF-8, found other bytes.", "Save it as UTF-8.", lineAt(lenient, lenient.indexOf("\uFFFD")));
  }
}
