import { CloisterError } from "@cloister/core";
import { breach, guestFailure } from "./breach.ts";
import type { Field } from "./fields.ts";
import type { GuestSession } from "./session.ts";
import { KIND, TAG } from "./wire.ts";

/** Writes a file in the guest; see `GuestConnection.putFile`. */
export async function putFile(
  session: GuestSession,
  path: string,
  content: AsyncIterable<Uint8Array>,
  options: { readonly mode?: number; readonly user?: string } = {},
): Promise<void> {
  const fields: Field[] = [[TAG.PATH, path]];
  if (options.mode !== undefined) fields.push([TAG.MODE, options.mode]);
  if (options.user !== undefined) fields.push([TAG.USER, options.user]);
  const stream = session.open({ kind: KIND.PUT, fields, channels: 0 });
  try {
    for await (const bytes of content) {
      if (!stream.isOpen) break; // It failed there: the result says why.
      await stream.write(bytes);
    }
    stream.endInput();
  } catch (error: unknown) {
    stream.close();
    throw error;
  }
  const error = (await stream.result).text(TAG.ERROR);
  if (error !== undefined) throw guestFailure(`write ${JSON.stringify(path)}`, error);
}

/** Reads a file of the guest; see `GuestConnection.getFile`. */
export async function* getFile(
  session: GuestSession,
  path: string,
  { maxBytes }: { readonly maxBytes: number },
): AsyncGenerator<Uint8Array> {
  const fields: Field[] = [
    [TAG.PATH, path],
    [TAG.SIZE, maxBytes],
  ];
  const stream = session.open({ kind: KIND.GET, fields, channels: 1 });
  const [inlet] = stream.inlets;
  if (inlet === undefined) throw breach("a file without a channel");
  let count = 0;
  try {
    for await (const bytes of inlet) {
      count += bytes.length;
      if (count > maxBytes) throw tooLarge(path, maxBytes);
      yield bytes;
    }
    const error = (await stream.result).text(TAG.ERROR);
    if (error !== undefined)
      throw error === "EFBIG" ? tooLarge(path, maxBytes) : guestFailure(`read ${JSON.stringify(path)}`, error);
  } finally {
    stream.close();
  }
}

function tooLarge(path: string, maxBytes: number): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `Expected ${JSON.stringify(path)} of the machine to have ${maxBytes} bytes at most; it has more.`,
  });
}
