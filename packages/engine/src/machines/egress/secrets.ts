import { hkdfSync } from "node:crypto";
import { coversTarget, CloisterError, type EgressTarget } from "@cloister/core";
import { EgressRefusedError } from "./egress-refused-error.ts";
import type { EgressOptions } from "./port.ts";
import type { Needle } from "./scrub.ts";

/** A header as it came: name and value. */
export type Header = readonly [name: string, value: string];

/** A request's head, as far as secrets are looked for in it. */
export type SecretiveHead = { readonly method: string; readonly path: string; readonly headers: readonly Header[] };

/** A shorter value would be found in texts by chance. */
const SHORTEST = 8;
/** Written credentials that were sent, and are looked for in answers. */
const MAX_WRITTEN = 64;
const BASIC = /^(basic +)([a-z0-9+/]+={0,2})$/i;

type HeldSecret = EgressOptions["secrets"][number] & { readonly placeholder: string };
/** A header's value with secrets in it, what it is without their placeholders, and which they were. */
type PutValue = { readonly value: string; readonly remainder: string; readonly variables: readonly string[] };

/** The secrets of one machine: the only place where values are. */
export class Secrets {
  readonly #secrets: readonly HeldSecret[];
  /** Basic credentials as they were sent, with what the machine wrote in their place. */
  readonly #written = new Map<string, string>();

  /** @throws CloisterError `config_invalid` for a value that can't be a header's, or is too short to be looked for. */
  constructor(secrets: EgressOptions["secrets"], seed: Uint8Array) {
    for (const { variable, value } of secrets) checkValue(variable, value);
    this.#secrets = secrets.map((secret) => ({ ...secret, placeholder: makePlaceholder(seed, secret.variable) }));
  }

  /** What the machine has in place of the values, by variable. */
  get placeholders(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#secrets.map(({ variable, placeholder }) => [variable, placeholder]));
  }

  /** Tells whether any secret is bound to a target. */
  isBoundTo(target: EgressTarget): boolean {
    return this.#secrets.some((secret) => coversTarget(secret, target));
  }

  /**
   * Puts values in where they are bound to.
   * @throws EgressRefusedError `wrong_secret_host` where a placeholder is anywhere else in the head.
   */
  putIn(
    head: SecretiveHead,
    target: EgressTarget,
  ): { readonly headers: readonly Header[]; readonly variables: readonly string[] } {
    const variables = new Set<string>();
    const headers = head.headers.map(([name, value]): Header => {
      const bound = this.#secrets.filter(
        (secret) => secret.header === name.toLowerCase() && coversTarget(secret, target),
      );
      const put = this.#putInValue(value, bound);
      for (const variable of put.variables) variables.add(variable);
      this.#refuseStray(`${name} ${put.remainder}`, target);
      return [name, put.value];
    });
    this.#refuseStray(`${head.method} ${head.path}`, target);
    return { headers, variables: [...variables] };
  }

  /** What must not come back to the machine: values as they are and as URLs, JSON and Base64 write them, and what is there in their place. */
  needles(): readonly Needle[] {
    const values = this.#secrets.flatMap(({ value, placeholder }) =>
      writtenForms(value).map((form) => [form, placeholder] as const),
    );
    return [...new Map([...values, ...this.#written])].map(([find, put]) => ({
      find: Buffer.from(find),
      put: Buffer.from(put),
    }));
  }

  #putInValue(value: string, bound: readonly HeldSecret[]): PutValue {
    const [, scheme, encoded] = BASIC.exec(value) ?? [];
    const plain = encoded === undefined ? value : Buffer.from(encoded, "base64").toString("latin1");
    const used = bound.filter(({ placeholder }) => plain.includes(placeholder));
    const put = used.reduce((text, { placeholder, value: real }) => text.replaceAll(placeholder, () => real), plain);
    const remainder = used.reduce((text, { placeholder }) => text.replaceAll(placeholder, ""), plain);
    const variables = used.map(({ variable }) => variable);
    if (scheme === undefined || encoded === undefined) return { value: put, remainder, variables };
    if (used.length === 0) return { value, remainder, variables };
    const written = Buffer.from(put, "latin1").toString("base64");
    this.#remember(written, encoded);
    return { value: scheme + written, remainder, variables };
  }

  #remember(written: string, encoded: string): void {
    this.#written.delete(written);
    this.#written.set(written, encoded);
    const [oldest] = this.#written.keys();
    if (this.#written.size > MAX_WRITTEN && oldest !== undefined) this.#written.delete(oldest);
  }

  #refuseStray(text: string, target: EgressTarget): void {
    const lower = text.toLowerCase();
    const stray = this.#secrets.find(({ placeholder }) => lower.includes(placeholder));
    if (stray === undefined) return;
    const detail = `the secret ${stray.variable} is not bound to this place in a request to it.`;
    throw new EgressRefusedError("wrong_secret_host", detail, target);
  }
}

/** The same for each process that has the same seed, and nothing that tells of the value. */
function makePlaceholder(seed: Uint8Array, variable: string): string {
  const bytes = hkdfSync("sha256", seed, "", `cloister egress placeholder ${variable}`, 16);
  return `cloister-secret-${Buffer.from(bytes).toString("hex")}`;
}

function checkValue(variable: string, value: string): void {
  if (value.length >= SHORTEST && /^[\x20-\x7e]+$/.test(value)) return;
  throw new CloisterError({
    code: "config_invalid",
    message: `The secret ${variable} must be at least ${SHORTEST} printable ASCII characters on one line.`,
    remedy: `Set ${variable} to the credential itself, or leave the secret out.`,
  });
}

function writtenForms(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const forms = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), bytes.toString("base64")];
  return [...new Set([...forms, bytes.toString("base64url")])];
}
