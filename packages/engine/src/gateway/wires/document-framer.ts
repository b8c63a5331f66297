/** Where the documents go that a framer finds. */
export interface DocumentSink {
  /** One JSON document, or what stands in its place, as Latin-1: one character a byte. */
  document(json: string): void;
  /** Something was too long to be read. */
  damage(): void;
}

/** Cuts a stream of bytes into documents. Memory is bounded; the result does not depend on how the bytes were chunked. */
export interface DocumentFramer {
  push(chunk: Buffer): void;
  /** No more will come. */
  end(): void;
}
