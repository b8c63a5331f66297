/** Notes on objects, one for each. A note is forgotten with its object. */
export type ObjectNotes<Value> = {
  get(subject: object): Value | undefined;
  set(subject: object, value: Value): void;
};

/** What a constructor returns takes the place of `this`: so a class beneath this one puts its private fields into any object. */
// oxlint-disable-next-line no-extraneous-class -- only a constructor can do that.
class Given {
  constructor(subject: object) {
    return subject;
  }
}

/**
 * Makes notes that lie in their objects, as private fields, which nothing else can see or list: a WeakMap is a table, in which each must be
 * looked for, and which each collection of garbage goes through. Objects must be extensible, as those of JSON are.
 */
export function createObjectNotes<Value>(): ObjectNotes<Value> {
  return class Note extends Given {
    #value: Value;

    constructor(subject: object, value: Value) {
      super(subject);
      this.#value = value;
    }

    static get(subject: object): Value | undefined {
      return #value in subject ? subject.#value : undefined;
    }

    static set(subject: object, value: Value): void {
      if (#value in subject) subject.#value = value;
      else void new Note(subject, value);
    }
  };
}
