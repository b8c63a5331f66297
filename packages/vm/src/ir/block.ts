/** A value of the IR: the index of the operation that makes it, within its block. */
export type Value = number & { readonly value?: never };
