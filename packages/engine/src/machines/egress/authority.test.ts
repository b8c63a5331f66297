import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect, TLSSocket } from "node:tls";
import { parseEgressTarget } from "@cloister/core";
import { type Authority, createAuthority } from "./authority.ts";
import { runOpenssl } from "./testing/certificates.ts";

const HOSTS = [
  "example.org",
  `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.org`,
  "192.0.2.1",
  "2001:db8::1",
  "::1",
  "1::",
  "1:2:3:4:5:6:7:8",
];

describe("a machine's authority", () => {
  const authority = createAuthority(Buffer.alloc(32, 7), Date.now);

  for (const host of HOSTS) {
    it(`certifies ${host.slice(0, 20)} as OpenSSL demands it at its strictest`, async () => {
      const leaf = await certificateOf(authority, host);
      const folder = mkdtempSync(join(tmpdir(), "cloister-egress-"));
      try {
        writeFileSync(join(folder, "root.pem"), authority.certificate);
        writeFileSync(join(folder, "leaf.pem"), leaf.toString());
        const check = /:|^[0-9.]+$/.test(host) ? "-verify_ip" : "-verify_hostname";
        const args = [
          "verify",
          "-x509_strict",
          "-purpose",
          "sslserver",
          check,
          host,
          "-CAfile",
          "root.pem",
          "leaf.pem",
        ];
        assert.match(runOpenssl(folder, args), /leaf.pem: OK/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  it("is an authority whose certificates sign no others, for 30 days", () => {
    const root = new X509Certificate(authority.certificate);
    assert.ok(root.ca && root.verify(root.publicKey));
    assert.ok(root.validToDate.getTime() - Date.now() < 31 * 24 * 3_600_000);
  });

  it("is stood in for by one from the same seed, and by no other", async () => {
    const [same, other] = [
      createAuthority(Buffer.alloc(32, 7), Date.now),
      createAuthority(Buffer.alloc(32, 8), Date.now),
    ];
    const leaf = await certificateOf(authority, "example.org");
    assert.ok(
      leaf.checkIssued(new X509Certificate(same.certificate)) &&
        leaf.verify(new X509Certificate(same.certificate).publicKey),
    );
    assert.ok(!leaf.verify(new X509Certificate(other.certificate).publicKey));
  });

  it("certifies a host once, and anew before that runs out", () => {
    let time = Date.now();
    const clocked = createAuthority(Buffer.alloc(32, 9), () => time);
    const target = targetOf("example.org");
    const first = clocked.certify(target);
    assert.equal(clocked.certify(target), first);
    time += 6.5 * 24 * 3_600_000;
    assert.notEqual(clocked.certify(target), first);
  });
});

function targetOf(host: string): NonNullable<ReturnType<typeof parseEgressTarget>> {
  const target = parseEgressTarget(host, 443);
  assert.ok(target);
  return target;
}

/** What a client is shown. */
async function certificateOf(authority: Authority, host: string): Promise<X509Certificate> {
  const secureContext = authority.certify(targetOf(host));
  const server = createServer((socket) => {
    new TLSSocket(socket, { isServer: true, secureContext }).on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
  });
  await once(client, "secureConnect");
  const certificate = client.getPeerX509Certificate();
  client.destroy();
  server.close();
  assert.ok(certificate);
  return certificate;
}
