/**
 * Keeps the real credentials. Secrets stand in private fields, which neither inspection nor JSON shows, and leave the vault in two ways
 * alone: the headers of a request, and the answer to the question whether a text holds one.
 */
import type { Provider } from "@cloister/core";
import type { CredentialSource } from "../policy.ts";
import type { Credential } from "../port.ts";
import { readSecret, type Reading } from "./read-secret.ts";
import { Redactor } from "./redactor.ts";
import { credentialError, toHeaders } from "./secret.ts";

/** The user's credentials. */
export interface Vault {
  /** Those of a provider, in the order in which they are used. */
  credentials(provider: Provider): readonly Credential[];
  /** The provider refused this credential: its file, helper or keyring is asked anew before its next use. */
  refresh(label: string): void;
  /** `text` with each secret that was ever used replaced by `[credential anthropic-1]`. */
  redact(text: string): string;
  /** Drops all secrets; no credential can be used, and nothing redacted, from then on. */
  close(): void;
}

/**
 * Opens a vault. What comes from the environment is taken now, so that it can be removed there afterwards; other sources are asked
 * when they are needed.
 * @param env the caller's environment: for variables, and for the commands of helpers.
 * @param now ms since the epoch.
 */
export function openVault(
  sources: readonly CredentialSource[],
  env: Readonly<Record<string, string | undefined>>,
  now: () => number = Date.now,
): Vault {
  return new MemoryVault(sources, { env: snapshot(env), now });
}

function snapshot(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

type Surroundings = { readonly env: Readonly<Record<string, string>>; readonly now: () => number };

class MemoryVault implements Vault {
  readonly #credentials: readonly VaultCredential[];
  readonly #ofProvider: ReadonlyMap<Provider, readonly VaultCredential[]>;
  readonly #redactor = new Redactor();

  constructor(sources: readonly CredentialSource[], surroundings: Surroundings) {
    const counts = new Map<Provider, number>();
    this.#credentials = sources.map((source) => {
      const number = (counts.get(source.provider) ?? 0) + 1;
      counts.set(source.provider, number);
      const label = `${source.provider}-${number}`;
      const { from } = source;
      const known = from.type === "env" ? surroundings.env[from.name]?.trim() : undefined;
      if (known !== undefined && known !== "") this.#redactor.add(label, known);
      return new VaultCredential({
        label,
        source,
        surroundings,
        onSecret: (secret) => this.#redactor.add(label, secret),
      });
    });
    this.#ofProvider = Map.groupBy(this.#credentials, ({ provider }) => provider);
  }

  credentials(provider: Provider): readonly Credential[] {
    return this.#ofProvider.get(provider) ?? [];
  }

  refresh(label: string): void {
    this.#credentials.find((credential) => credential.label === label)?.forget();
  }

  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  close(): void {
    for (const credential of this.#credentials) credential.close();
    this.#redactor.clear();
  }
}

type CredentialParts = {
  readonly label: string;
  readonly source: CredentialSource;
  readonly surroundings: Surroundings;
  /** Told of each secret before it is used. */
  readonly onSecret: (secret: string) => void;
};

class VaultCredential implements Credential {
  readonly label: string;
  readonly provider: Provider;
  readonly #source: CredentialSource;
  readonly #onSecret: (secret: string) => void;
  /** Undefined once the vault is closed. */
  #surroundings: Surroundings | undefined;
  #asked: Promise<Reading> | undefined;

  constructor({ label, source, surroundings, onSecret }: CredentialParts) {
    this.label = label;
    this.provider = source.provider;
    this.#source = source;
    this.#surroundings = surroundings;
    this.#onSecret = onSecret;
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    return toHeaders(this.#source, (await this.#reading()).secret);
  }

  forget(): void {
    this.#asked = undefined;
  }

  close(): void {
    this.#surroundings = undefined;
    this.#asked = undefined;
  }

  /** Who comes while a source is asked waits for the same answer. */
  async #reading(): Promise<Reading> {
    const { now } = this.#open();
    const held = this.#asked;
    if (held !== undefined) {
      const reading = await held;
      if ((reading.staleAt ?? Infinity) > now()) return reading;
      if (this.#asked === held) this.#asked = undefined;
    }
    return (this.#asked ??= this.#ask());
  }

  #ask(): Promise<Reading> {
    const asked = this.#read();
    // A failure is not kept: the next request asks again.
    asked.catch(() => {
      if (this.#asked === asked) this.#asked = undefined;
    });
    return asked;
  }

  async #read(): Promise<Reading> {
    const { env, now } = this.#open();
    const reading = await readSecret(this.#source, env, now());
    this.#open(); // It may have been closed meanwhile: then nothing is kept.
    this.#onSecret(reading.secret);
    return reading;
  }

  #open(): Surroundings {
    if (this.#surroundings !== undefined) return this.#surroundings;
    throw credentialError(this.#source, "that the gateway is closed", "Start it again.");
  }
}
