import type { AgentEvent } from "@cloister/core";

/** Of a longer message only the end is kept: it is there that a task is claimed. */
const MOST_CHARACTERS = 1024 * 1024;

/** Puts a message together from its pieces. */
export interface MessageBuffer {
  add(piece: string): void;
  /** The message so far as an event, which is then over; nothing where it is blank. */
  flush(): readonly AgentEvent[];
}

/** An empty buffer. Memory is bounded. */
export function createMessageBuffer(): MessageBuffer {
  let pieces: string[] = [];
  let length = 0;
  const join = (): string => pieces.join("").slice(-MOST_CHARACTERS);
  return {
    add(piece) {
      pieces.push(piece);
      length += piece.length;
      if (length <= 2 * MOST_CHARACTERS && pieces.length < 10_000) return;
      pieces = [join()];
      length = pieces[0]?.length ?? 0;
    },
    flush() {
      const text = join();
      pieces = [];
      length = 0;
      return text.trim() === "" ? [] : [{ type: "message", text }];
    },
  };
}
