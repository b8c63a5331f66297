declare const brand: unique symbol;

/** A primitive that only its own constructor can make: a bare string or number does not pass for it. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };
