import type { ByteStream } from "./port.ts";

/** Carries what comes from each of two streams to the other: bytes, ends, back-pressure and failures. */
export function joinStreams(left: ByteStream, right: ByteStream): void {
  carry(left, right);
  carry(right, left);
}

function carry(from: ByteStream, to: ByteStream): void {
  from.listen({
    data(bytes) {
      if (!to.write(bytes)) {
        from.pause();
      }
    },
    end: () => to.end(),
    drain: () => to.resume(),
    close(failed) {
      if (failed) {
        to.destroy();
      } else {
        to.end();
      }
    },
  });
}
