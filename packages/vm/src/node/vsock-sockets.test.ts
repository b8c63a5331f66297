import { equal, rejects } from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, suite, test } from "node:test";
import { createVirtioVsock } from "../devices/virtio-vsock/virtio-vsock.ts";
import { serveVsock } from "./vsock-sockets.ts";

suite("sockets of the host for a guest's vsock", () => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-vsock-"));
  const path = join(folder, "socket");
  after(() => rmSync(folder, { recursive: true }));

  const greetings: Readonly<Record<string, string>> = {
    "a port that no guest serves": "CONNECT 7000\n",
    "no port": "CONNECT \n",
    "a port too large": "CONNECT 4294967295\n",
    "another word": "GET / HTTP/1.1\r\n\r\n",
    "a line without end": "C".repeat(1000),
    "the beginning of a line": "CONNECT 70",
    nothing: "",
  };
  for (const [what, greeting] of Object.entries(greetings))
    test(`are closed to who asks for ${what}`, async () => {
      await using _served = await serveVsock(createVirtioVsock(3), path);
      const client = connect({ path, allowHalfOpen: true });
      client.end(greeting);
      equal(await text(client).catch(() => ""), "");
    });

  test("are the user's alone, and gone with the machine", async () => {
    const served = await serveVsock(createVirtioVsock(3), path);
    equal(statSync(path).mode & 0o777, 0o600);
    await served[Symbol.asyncDispose]();
    equal(existsSync(path), false);
  });

  test("take no other file's place", async () => {
    writeFileSync(path, "mine");
    await rejects(serveVsock(createVirtioVsock(3), path), { code: "option_invalid", message: /where no file is yet/ });
    rmSync(path);
  });
});
