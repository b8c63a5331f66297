/** Views of a chain as one run of bytes. */

/** The part of the views from an offset on, in order: what is left after a header. */
export function skipBytes(views: readonly Uint8Array[], offset: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skipped = offset;
  for (const view of views) {
    if (skipped < view.length) rest.push(skipped === 0 ? view : view.subarray(skipped));
    skipped = Math.max(0, skipped - view.length);
  }
  return rest;
}

/** The part of the views up to an offset: what is before a trailer. */
export function takeBytes(views: readonly Uint8Array[], length: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  let left = length;
  for (const view of views) {
    if (left <= 0) break;
    taken.push(view.subarray(0, left));
    left -= view.length;
  }
  return taken;
}

/**
 * Copies bytes out of views.
 * @param length at most so many bytes
 * @returns a copy of its own; shorter where the views end before
 */
export function gatherBytes(views: readonly Uint8Array[], offset: number, length: number): Uint8Array {
  const rest = skipBytes(views, offset);
  const total = rest.reduce((sum, view) => sum + view.length, 0);
  const bytes = new Uint8Array(Math.min(length, total));
  let filled = 0;
  for (const view of rest) {
    const part = view.subarray(0, bytes.length - filled);
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}

/**
 * Copies bytes into views, from an offset on.
 * @returns how many found room
 */
export function scatterBytes(views: readonly Uint8Array[], offset: number, bytes: Uint8Array): number {
  let done = 0;
  for (const view of skipBytes(views, offset)) {
    const part = bytes.subarray(done, done + view.length);
    view.set(part);
    done += part.length;
  }
  return done;
}
