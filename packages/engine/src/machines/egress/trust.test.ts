import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { rootCertificates } from "node:tls";
import { makeCertificates } from "./testing/certificates.ts";
import { hostTrustBundle, machineTrustBundle, splitBundle } from "./trust.ts";

describe("trust", () => {
  const { authority, key } = makeCertificates(["a.test"]);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "cloister-trust-"));
    await writeFile(
      join(folder, "bundle.pem"),
      `# comment\n${key}${authority.replaceAll("\n", "\r\n")}${rootCertificates[0]}\n`,
    );
  });
  after(() => rm(folder, { recursive: true }));

  it("of the host is what its variables name: certificates alone, and none that Node has anyway", async () => {
    const bundle = splitBundle((await hostTrustBundle({ SSL_CERT_FILE: join(folder, "bundle.pem") })) ?? "");
    assert.ok(bundle.includes(authority.trim()));
    assert.ok(!bundle.includes(rootCertificates[0] ?? ""));
    assert.ok(!bundle.join("").includes("PRIVATE KEY"));
  });

  it("of the host does without files that are not there", async () => {
    const [absent, none] = await Promise.all([
      hostTrustBundle({ SSL_CERT_FILE: join(folder, "absent.pem") }),
      hostTrustBundle({}),
    ]);
    assert.equal(absent, none);
  });

  it("of a machine is Node's own and what is given, each once", () => {
    const bundle = splitBundle(machineTrustBundle([authority, authority]) ?? "");
    assert.equal(bundle.length, rootCertificates.length + 1);
    assert.equal(machineTrustBundle([]), undefined);
  });
});
