import { randomBytes } from "node:crypto";
import type { Identity } from "./port.ts";

/** What an agent is let in with. */
export interface Grant {
  /** Valid at this gateway alone, until it is ended. */
  readonly token: string;
  /** Makes the token invalid, cuts its requests off, and waits until they are settled. */
  readonly end: () => Promise<void>;
}

/** A request that came with a good token. */
export interface Guest {
  readonly identity: Identity;
  /** Takes part in what {@link Grant.end} cuts off and waits for. */
  follow(work: Promise<void>, cut: () => void): void;
}

/** The tokens that are out. */
export interface Grants {
  readonly admit: (identity: Identity) => Grant;
  recognise(token: string): Guest | undefined;
  endAll(): Promise<void>;
}

/** What a token begins with, so that one which leaks is recognised for what it is. */
const PREFIX = "cloister-";

/** No token is out yet. */
export function createGrants(): Grants {
  const open = new Map<string, OpenGrant>();
  const end = async (token: string): Promise<void> => {
    const grant = open.get(token);
    open.delete(token);
    await grant?.end();
  };
  return {
    admit(identity) {
      const token = `${PREFIX}${randomBytes(24).toString("base64url")}`;
      open.set(token, new OpenGrant(identity));
      return { token, end: () => end(token) };
    },
    // A Map goes by hashes of whole strings, with a seed of this process: how long it takes tells nothing of a token that is valid.
    recognise: (token) => open.get(token),
    endAll: async () => void (await Promise.all([...open.keys()].map(end))),
  };
}

type Work = { readonly work: Promise<void>; readonly cut: () => void };

class OpenGrant implements Guest {
  readonly identity: Identity;
  /**
   * No Map: V8 makes each a new table now and then, to which the old one leads. Once one of them is among old objects, collections of young
   * ones keep whatever was in the tables since then, which would be every request.
   */
  readonly #underWay: Work[] = [];

  constructor(identity: Identity) {
    this.identity = identity;
  }

  follow(work: Promise<void>, cut: () => void): void {
    const item = { work, cut };
    this.#underWay.push(item);
    const drop = (): void => this.#drop(item);
    void work.then(drop, drop);
  }

  #drop(item: Work): void {
    const last = this.#underWay.pop();
    if (last !== undefined && last !== item) this.#underWay[this.#underWay.indexOf(item)] = last;
  }

  async end(): Promise<void> {
    const underWay = [...this.#underWay];
    for (const { cut } of underWay) cut();
    await Promise.allSettled(underWay.map(({ work }) => work));
  }
}
