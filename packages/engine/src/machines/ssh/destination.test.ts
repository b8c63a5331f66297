import assert from "node:assert/strict";
import { test } from "node:test";
import { type Destination, parseDestination } from "./destination.ts";

const accepted: readonly (readonly [text: string, destination: Destination])[] = [
  ["build", { host: "build" }],
  ["me@build.example.org:2222", { user: "me", host: "build.example.org", port: 2222 }],
  ["my_alias", { host: "my_alias" }],
  ["192.0.2.7:22", { host: "192.0.2.7", port: 22 }],
  ["root@[2001:db8::1]:22", { user: "root", host: "2001:db8::1", port: 22 }],
];
for (const [text, destination] of accepted) {
  test(`${text} is a destination`, () => {
    assert.deepEqual(parseDestination(text), destination);
  });
}

const refused = [
  "",
  "-oProxyCommand=touch /tmp/x",
  "me@-oProxyCommand=x",
  "-l@host",
  "host:0",
  "host:65536",
  "host:22x",
  "host:-1",
  "a@b@c",
  "host name",
  "host;id",
  "host$(id)",
  "host%h",
  "host\nother",
  "ssh://host",
  "[::1",
  "::1",
  ".host",
  "host.",
  "user name@host",
  "x".repeat(300),
];
for (const text of refused) {
  test(`${JSON.stringify(text.slice(0, 40))} is no destination`, () => {
    assert.throws(() => parseDestination(text), { code: "image_invalid" });
  });
}
