import type { RunId } from "@cloister/core";

/** The name of the environment variable that carries the marker. */
export const MARKER_VARIABLE = "CLOISTER_PROCESS_MARKER";

const MARKER = /^[A-Za-z0-9.:-]{1,200}$/;
let started = 0;

/** The marker of everything that belongs to run `runId`, or to one of its iterations. */
export function markerFor(runId: RunId, iteration?: number): string {
  return iteration === undefined ? runId : `${runId}:${iteration}`;
}

/** Tells whether an environment, as the kernel keeps it (`NAME=value` ended by NUL), carries a marker below `prefix`. */
export function carriesMarker(environment: string, prefix: string): boolean {
  const wanted = `${MARKER_VARIABLE}=${prefix}`;
  for (let at = environment.indexOf(wanted); at !== -1; at = environment.indexOf(wanted, at + 1)) {
    const before = environment[at - 1] ?? "\0";
    const after = environment[at + wanted.length] ?? "\0";
    if (before === "\0" && (after === "\0" || after === ":")) return true;
  }
  return false;
}

/**
 * A marker below `marker` that no other process started by any Cloister carries: a sweep after one of two gates
 * that run at a time must not end the other.
 */
export function uniqueMarker(marker: string): string {
  started += 1;
  return `${marker}:${process.pid}-${started}`;
}

/**
 * Returns `marker` where it is well formed, so that it can go into a pattern and can't match everything.
 * @throws {RangeError} where it is not.
 */
export function checkMarker(marker: string): string {
  if (MARKER.test(marker)) return marker;
  throw new RangeError(`Expected a marker of letters, digits, "-", "." and ":", got ${JSON.stringify(marker)}.`);
}
