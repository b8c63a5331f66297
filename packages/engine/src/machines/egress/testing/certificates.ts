import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate authority made by OpenSSL, and a server's certificate by it. */
export type TestCertificates = { readonly authority: string; readonly key: string; readonly cert: string };

const OPENSSL = "openssl";

/** Runs OpenSSL. @returns what it prints; throws where it fails */
export function runOpenssl(folder: string, args: readonly string[]): string {
  return String(execFileSync(OPENSSL, args, { cwd: folder, stdio: "pipe" }));
}

/** Makes one for these names and addresses. */
export function makeCertificates(names: readonly string[]): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), "cloister-egress-"));
  const openssl = (...args: string[]): string => runOpenssl(folder, args);
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  try {
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=Test authority",
      "-days",
      "2",
    );
    openssl("req", ...newKey, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=test");
    const alternatives = names.map((name) => `${/^[0-9.]+$|:/.test(name) ? "IP" : "DNS"}:${name}`).join(",");
    writeFileSync(join(folder, "extensions"), `subjectAltName=${alternatives}\n`);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions"];
    openssl("x509", "-req", "-in", "request.pem", "-out", "cert.pem", ...signed);
    return { authority: read("ca.pem"), key: read("key.pem"), cert: read("cert.pem") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
