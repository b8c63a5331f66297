import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";
import { bitString, der, integer, objectId, octetString, sequence, TRUE, utcTime } from "./der.ts";

/** Who signs: its name, and its private key on P-256. */
export type Issuer = { readonly name: string; readonly key: KeyObject };

/** What is certified. Times in ms since the epoch. */
export type CertificateSubject = {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly notBefore: number;
  readonly notAfter: number;
  /** The host that it stands for; undefined: it is an authority, whose certificates sign no others. */
  readonly host?: string;
};

const ECDSA_WITH_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const [COMMON_NAME, SERVER_AUTHENTICATION] = ["2.5.4.3", "1.3.6.1.5.5.7.3.1"];
const [SUBJECT_KEY, KEY_USAGE, ALTERNATIVE_NAME, BASIC_CONSTRAINTS, AUTHORITY_KEY, EXTENDED_USAGE] = [
  "2.5.29.14",
  "2.5.29.15",
  "2.5.29.17",
  "2.5.29.19",
  "2.5.29.35",
  "2.5.29.37",
];
/** Bits of the key's usage (RFC 5280, 4.2.1.3): signing certificates and revocations, or signatures alone. */
const [SIGNS_CERTIFICATES, SIGNS] = [bitString(Buffer.from([0x06]), 1), bitString(Buffer.from([0x80]), 7)];

/** Signs an X.509 certificate of version 3 (RFC 5280). @returns PEM */
export function signCertificate(issuer: Issuer, subject: CertificateSubject): string {
  const content = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(createSerial()),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer.name),
    sequence(utcTime(subject.notBefore), utcTime(subject.notAfter)),
    distinguishedName(subject.name),
    encodeKey(subject.publicKey),
    der(0xa3, sequence(...extensions(issuer, subject))),
  );
  const certificate = sequence(content, ECDSA_WITH_SHA256, bitString(sign("sha256", content, issuer.key)));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** A key's identifier: the hash of its bits (RFC 5280, 4.2.1.2). */
export function keyIdentifier(key: KeyObject): Buffer {
  // The bits of a point on P-256 are the last 65 bytes.
  return createHash("sha256").update(encodeKey(key).subarray(-65)).digest().subarray(0, 20);
}

function extensions(issuer: Issuer, { host, publicKey }: CertificateSubject): readonly Buffer[] {
  const identity = [
    extension(SUBJECT_KEY, octetString(keyIdentifier(publicKey))),
    extension(AUTHORITY_KEY, sequence(der(0x80, keyIdentifier(createPublicKey(issuer.key))))),
  ];
  if (host === undefined) {
    const constraints = sequence(TRUE, integer(Buffer.from([0])));
    return [critical(BASIC_CONSTRAINTS, constraints), critical(KEY_USAGE, SIGNS_CERTIFICATES), ...identity];
  }
  return [
    critical(BASIC_CONSTRAINTS, sequence()),
    critical(KEY_USAGE, SIGNS),
    extension(EXTENDED_USAGE, sequence(objectId(SERVER_AUTHENTICATION))),
    extension(ALTERNATIVE_NAME, sequence(alternativeName(host))),
    ...identity,
  ];
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), octetString(value));
}

function critical(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), TRUE, octetString(value));
}

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(objectId(COMMON_NAME), der(0x0c, Buffer.from(name)))));
}

function alternativeName(host: string): Buffer {
  if (isIPv4(host)) return der(0x87, Buffer.from(host.split(".").map(Number)));
  return host.includes(":") ? der(0x87, ipv6Bytes(host)) : der(0x82, Buffer.from(host));
}

function ipv6Bytes(address: string): Buffer {
  const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join(""), "hex");
}

function encodeKey(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

/** 16 random bytes, the first of which makes it positive and as short as can be. */
function createSerial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes;
}
