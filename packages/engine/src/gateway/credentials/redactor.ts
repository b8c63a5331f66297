/** Secrets that were renewed stay known for this many renewals: requests with them may still be under way. */
const REMEMBERED = 16;

/** A shorter one is a placeholder: to take it out would leave nothing of a text, and hide nothing that could not be guessed. */
const SHORTEST = 8;

/** Takes secrets out of texts. Holds them in memory only. */
export class Redactor {
  readonly #secrets = new Map<string, string[]>();
  #replacements: ReadonlyMap<string, string> = new Map();
  #pattern: RegExp | undefined;

  /** From now on `secret` is replaced by `[credential <label>]`. */
  add(label: string, secret: string): void {
    const known = this.#secrets.get(label) ?? [];
    if (secret.length < SHORTEST || known.includes(secret)) return;
    this.#secrets.set(label, [...known, secret].slice(-REMEMBERED));
    this.#compile();
  }

  /** `text` without any secret, as it is or as URLs and JSON write it. */
  redact(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replace(this.#pattern, (found) => this.#replacements.get(found) ?? "[credential]");
  }

  /** Forgets everything: nothing is replaced any more. */
  clear(): void {
    this.#secrets.clear();
    this.#replacements = new Map();
    this.#pattern = undefined;
  }

  #compile(): void {
    const entries = [...this.#secrets].flatMap(([label, secrets]) =>
      secrets.flatMap((secret) => writtenForms(secret).map((form) => [form, `[credential ${label}]`] as const)),
    );
    this.#replacements = new Map(entries);
    // The longest first: a secret may be the beginning of another.
    const forms = [...this.#replacements.keys()].sort((left, right) => right.length - left.length);
    this.#pattern = new RegExp(forms.map(escapePattern).join("|"), "g");
  }
}

function writtenForms(secret: string): readonly string[] {
  return [...new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])];
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
