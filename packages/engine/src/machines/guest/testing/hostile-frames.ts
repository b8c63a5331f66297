import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  nat,
  oneof,
  string,
  tuple,
  uint8Array,
} from "fast-check";
import { encodeFields, type Field } from "../fields.ts";
import { encodeFrame } from "../frames.ts";
import { FRAME, KIND, TAG } from "../wire.ts";

const number = oneof(nat(300), constantFrom(0, 65_536, 2 ** 31, 2 ** 53 - 1));
const text = oneof(
  string({ maxLength: 20 }),
  constantFrom("SIGKILL", "ENOENT", "\u0000\u001B[2J", "/tmp/fuzz", "/bin/true"),
);
const field: Arbitrary<Field> = tuple(
  oneof(constantFrom(...Object.values(TAG)), nat(255)),
  oneof(number, text, uint8Array({ maxLength: 40 })),
);
const fields = array(field, { maxLength: 6 }).map(encodeFields);
const kind = oneof(constantFrom(...Object.values(KIND)), nat(255));
const request = tuple(kind, nat(1), fields).map(([kind, more, fields]) =>
  Buffer.concat([Buffer.of(kind, more), fields]),
);
const data = tuple(nat(2), oneof(nat(40), constantFrom(65_535, 30_000))).map(([channel, size]) =>
  Buffer.concat([Buffer.of(channel), Buffer.alloc(size, 120)]),
);
const credit = tuple(nat(2), uint8Array({ minLength: 4, maxLength: 5 })).map(([channel, bytes]) =>
  Buffer.concat([Buffer.of(channel), bytes]),
);
const payload = oneof(fields, request, data, credit, uint8Array({ maxLength: 60 }), constant(Buffer.alloc(0)));
const type = oneof({ weight: 9, arbitrary: constantFrom(...Object.values(FRAME)) }, { weight: 1, arbitrary: nat(255) });
const frame = tuple(type, nat(16), payload).map(([type, stream, payload]) => encodeFrame(type, stream, payload));

/** Frames that are well formed for the most part, and seldom where they should be. */
export const hostileFrames: Arbitrary<Buffer> = tuple(
  array(frame, { maxLength: 40 }),
  array(tuple(nat(100_000), nat(255)), { maxLength: 3 }),
  boolean(),
).map(([frames, changes, isChanged]) => {
  const bytes = Buffer.concat(frames);
  if (isChanged && bytes.length > 0) for (const [at, value] of changes) bytes[at % bytes.length] = value;
  return bytes;
});
