import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import type { EgressTarget } from "@cloister/core";
import { type CertificateSubject, type Issuer, keyIdentifier, signCertificate } from "./sign-certificate.ts";

/** Of the group P-256 (SEC 2, 2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const DAY_MS = 24 * 3_600_000;
/** How long the authority and its certificates hold: longer than a run, and not for ever. */
const [AUTHORITY_DAYS, CERTIFICATE_DAYS] = [30, 7];

/** Certifies hosts to one machine alone, so that secrets can be put into what it says to them. */
export type Authority = {
  /** PEM. */
  readonly certificate: string;
  /** What a TLS server needs to be a host. Kept for next time. */
  readonly certify: (target: EgressTarget) => SecureContext;
};

/** Makes a machine's authority: from equal seeds, ones that can stand in for each other. @param now ms since the epoch */
export function createAuthority(seed: Uint8Array, now: () => number): Authority {
  const key = deriveKey(seed);
  const publicKey = createPublicKey(key);
  const issuer: Issuer = { name: `Cloister egress ${keyIdentifier(publicKey).toString("hex", 0, 8)}`, key };
  const known = new Map<string, { readonly until: number; readonly context: SecureContext }>();
  const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    certificate: signCertificate(issuer, { name: issuer.name, publicKey, ...validity(now(), AUTHORITY_DAYS) }),
    certify: ({ host }) => {
      const kept = known.get(host);
      if (kept !== undefined && kept.until > now()) return kept.context;
      const subject = {
        name: "Cloister egress",
        publicKey: leaf.publicKey,
        host,
        ...validity(now(), CERTIFICATE_DAYS),
      };
      const context = createSecureContext({
        key: leaf.privateKey.export({ type: "pkcs8", format: "pem" }),
        cert: signCertificate(issuer, subject),
        minVersion: "TLSv1.2",
      });
      known.set(host, { until: subject.notAfter - DAY_MS, context });
      return context;
    },
  };
}

/** A private key by FIPS 186-5, A.2.1: more bits than needed, modulo the order of the group less one. */
function deriveKey(seed: Uint8Array): KeyObject {
  const wide = Buffer.from(hkdfSync("sha256", seed, "", "cloister egress authority", 48)).toString("hex");
  const secret = ((BigInt(`0x${wide}`) % (ORDER - 1n)) + 1n).toString(16).padStart(64, "0");
  const group = createECDH("prime256v1");
  group.setPrivateKey(secret, "hex");
  const point = group.getPublicKey();
  const [x, y] = [point.subarray(1, 33).toString("base64url"), point.subarray(33).toString("base64url")];
  const d = Buffer.from(secret, "hex").toString("base64url");
  return createPrivateKey({ key: { kty: "EC", crv: "P-256", x, y, d }, format: "jwk" });
}

/** From a day before: the clocks of machines lag. */
function validity(time: number, days: number): Pick<CertificateSubject, "notBefore" | "notAfter"> {
  return { notBefore: time - DAY_MS, notAfter: time + days * DAY_MS };
}
