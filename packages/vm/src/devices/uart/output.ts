import type { Clock } from "../../bus/port.ts";

/** Bytes that are collected before they leave: some dozen lines of a console. */
export const OUTPUT_BYTES = 4096;

/** Collects single bytes, and lets them go together: between two slices of the guest's run, or once the buffer is full. */
export interface Output {
  push(byte: number): void;
  flush(): void;
}

/** Makes a collector. @param sink.transmit takes the bytes, and may keep them */
export function createOutput(sink: { readonly clock: Clock; readonly transmit: (bytes: Uint8Array) => void }): Output {
  const buffer = new Uint8Array(OUTPUT_BYTES);
  let length = 0;
  let cancel = (): void => {};
  const flush = (): void => {
    if (length === 0) return;
    cancel();
    const bytes = buffer.slice(0, length);
    length = 0;
    sink.transmit(bytes);
  };
  return {
    flush,
    push(byte) {
      buffer[length] = byte;
      length++;
      if (length === OUTPUT_BYTES) flush();
      else if (length === 1) cancel = sink.clock.schedule(sink.clock.now(), flush);
    },
  };
}
