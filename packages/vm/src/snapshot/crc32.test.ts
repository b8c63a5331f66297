import { equal } from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { assert, property, uint8Array } from "fast-check";
import { portableCrc32 } from "./crc32.ts";

test("the check of CRC-32 is right, and any bytes have the same as by zlib", () => {
  equal(portableCrc32(Buffer.from("123456789")), 0xcbf4_3926);
  assert(property(uint8Array({ maxLength: 300 }), (bytes) => portableCrc32(bytes) === crc32(bytes)));
});
