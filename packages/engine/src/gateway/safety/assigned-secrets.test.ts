import assert from "node:assert/strict";
import { test } from "node:test";
import { findAssignedSecrets } from "./assigned-secrets.ts";
import { SECRETS } from "./testing/sample-values.ts";

const NAMES = [
  "api_key",
  "apikey",
  "ACCESS-KEY",
  "secretKey",
  "privateKey",
  "encryption_key",
  "signing-key",
  "auth_key",
];
const WORDS = ["client_secret", "refreshToken", "password", "DB_PASSWD", "credential", "credentials"];
const QUOTES = ["", '"', "'", "`", String.raw`\"`];
const SIGNS = [":", "=", ":=", "=>", " : ", "\t=\t", "    =>    ", " :="];

const found = (text: string): readonly string[] =>
  findAssignedSecrets(text).map(({ start, end }) => text.slice(start, end));

for (const name of [...NAMES, ...WORDS]) {
  test(`a value of ${name} is found behind every sign and quote`, () => {
    for (const sign of SIGNS)
      for (const before of QUOTES)
        for (const after of QUOTES) {
          const text = `x = 1; my_${name}${before}${sign}${after}${SECRETS.assigned}`;
          assert.deepEqual(found(text), [SECRETS.assigned], text);
        }
  });
}

test("the value of each of several names is found", () => {
  const [one, other] = [SECRETS.assigned, SECRETS.assigned.toLowerCase()];
  assert.deepEqual(found(`token=${one} secret=${other}\npassword: "${one}"`), [one, other, one]);
});

test("what stands too far from a name, or behind another sign, is none of its value", () => {
  for (const between of ["     = ", " =     ", " + ", " = = ", "\n= ", ""])
    assert.deepEqual(found(`token${between}${SECRETS.assigned}`), [], JSON.stringify(between));
});
