/** A document (script or scenario) that is not what it should be: says where and what was expected. */
export class DocumentError extends Error {
  /** Marks it across realms and duplicate copies of this package, where `instanceof` fails. */
  readonly isDocumentError: true = true;

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "DocumentError";
  }

  /** Tells whether `value` is a DocumentError. */
  static isInstance(value: unknown): value is DocumentError {
    return typeof value === "object" && value !== null && "isDocumentError" in value;
  }
}
