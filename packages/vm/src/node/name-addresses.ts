/** Most names at a time; the one that came first makes room. */
const NAMES_MAX = 4096;
/** Of 198.18.0.0/15, which no network uses but those that measure devices (RFC 2544, appendix C.2.2). */
const PREFIX = "198.18";

/** Gives names addresses of their own, which lead nowhere but to whoever knows the name. Bounded: a guest can ask for many. */
export class NameAddresses {
  readonly #addresses = new Map<string, string>();
  readonly #names = new Map<string, string>();
  #next = 0;

  /** @returns the name's address, dotted; the same as long as it is among the last 4096 that were given */
  addressOf(name: string): string {
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    const address = `${PREFIX}.${this.#next >>> 8}.${this.#next & 255}`;
    this.#next = (this.#next + 1) % NAMES_MAX;
    this.#addresses.delete(this.#names.get(address) ?? "");
    this.#addresses.set(name, address);
    this.#names.set(address, name);
    return address;
  }

  /** @returns the name that an address stands for; undefined where it stands for itself */
  nameOf(address: string): string | undefined {
    return this.#names.get(address);
  }
}
