import { createReadStream } from "node:fs";
import { getCACertificates, rootCertificates } from "node:tls";

/** Where systems keep the bundle that their programs trust. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
/** Variables by which users name another one. */
const BUNDLE_VARIABLES = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
];
const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * What the host trusts besides Node's own roots: where it re-signs TLS, its machines must trust that too.
 * @returns PEM; undefined where there is nothing.
 */
export async function hostTrustBundle(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const named = BUNDLE_VARIABLES.flatMap((name) => env[name] ?? []);
  const texts = await Promise.all([...new Set([...named, ...SYSTEM_BUNDLES])].map(readBundle));
  // Keychains have no file to read.
  const system = process.platform === "darwin" ? getCACertificates("system") : [];
  const known = new Set(rootCertificates.map(normalise));
  const certificates = [...new Set(splitBundle([...texts, ...system].join("\n")).map(normalise))];
  const extra = certificates.filter((certificate) => !known.has(certificate));
  return extra.length === 0 ? undefined : joinBundle(extra);
}

/** All that a machine must trust: Node's roots, since variables such as `SSL_CERT_FILE` take the place of a program's own. */
export function machineTrustBundle(parts: readonly string[]): string | undefined {
  if (parts.length === 0) return undefined;
  return joinBundle([...new Set([...rootCertificates, ...splitBundle(parts.join("\n"))].map(normalise))]);
}

/** The certificates of a bundle. What else is in it is dropped: keys above all. */
export function splitBundle(bundle: string): readonly string[] {
  return bundle.match(CERTIFICATE) ?? [];
}

function joinBundle(certificates: readonly string[]): string {
  return `${certificates.join("\n")}\n`;
}

function normalise(certificate: string): string {
  return certificate.replaceAll("\r", "").trim();
}

async function readBundle(path: string): Promise<string> {
  try {
    const chunks = await createReadStream(path, { end: MAX_BUNDLE_BYTES - 1 }).toArray();
    return Buffer.concat(chunks as Buffer[]).toString("latin1");
  } catch {
    // Most systems have but one of them, and a variable may name what is gone.
    return "";
  }
}
