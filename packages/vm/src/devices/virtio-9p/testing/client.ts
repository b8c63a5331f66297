import { MessageReader, MessageWriter, REQUEST } from "../message.ts";
import type { NinePServer } from "../server.ts";

const ROOM = 128 * 1024;

/** What a guest's kernel does with a 9P server. Handle 0 is the root. */
export class NinePClient {
  readonly #server: NinePServer;
  #next = 1;

  constructor(server: NinePServer) {
    this.#server = server;
    this.call(REQUEST.version, (message) => message.word(ROOM).text("9P2000.L"));
    this.call(REQUEST.attach, (message) => message.word(0).word(0xffff_ffff).text("root").text("").word(0));
  }

  /** Sends a request. @returns the answer's fields, or the error's number */
  tryCall(type: number, write: (message: MessageWriter) => unknown): MessageReader | number {
    const fields = new MessageWriter();
    write(fields);
    const message = new MessageWriter()
      .word(fields.length + 7)
      .byte(type)
      .short(9)
      .bytes(fields.toBytes());
    const answer = this.#server.answer(message.toBytes(), ROOM);
    if (answer === undefined) {
      throw new Error("no answer");
    }
    const reader = new MessageReader(answer);
    const [size, answered, tag] = [reader.word(), reader.byte(), reader.short()];
    if (size !== answer.length || tag !== 9) {
      throw new Error("the answer's header is wrong");
    }
    return answered === REQUEST.error + 1 ? reader.word() : reader;
  }

  /** As `tryCall`, where no error is expected. */
  call(type: number, write: (message: MessageWriter) => unknown): MessageReader {
    const answer = this.tryCall(type, write);
    if (typeof answer === "number") {
      throw new Error(`request ${type} failed with ${answer}`);
    }
    return answer;
  }

  /** @returns a handle on a path, or the error's number, below 0 */
  walk(path: string): number {
    const names = path.split("/").filter((name) => name !== "");
    const handle = (this.#next += 1);
    const answer = this.tryCall(REQUEST.walk, (message) => {
      message.word(0).word(handle).short(names.length);
      for (const name of names) {
        message.text(name);
      }
    });
    if (typeof answer === "number") {
      return -answer;
    }
    return answer.short() === names.length ? handle : -2;
  }

  /** @returns what a file holds, or the error's number */
  read(path: string): string | number {
    const handle = this.walk(path);
    if (handle < 0) {
      return -handle;
    }
    const opened = this.tryCall(REQUEST.open, (message) => message.word(handle).word(0));
    if (typeof opened === "number") {
      return opened;
    }
    const answer = this.call(REQUEST.read, (message) => message.word(handle).long(0).word(65_536));
    const bytes = answer.bytes(answer.word());
    this.call(REQUEST.clunk, (message) => message.word(handle));
    return String.fromCharCode(...bytes);
  }

  /** Makes a file. @returns 0, or the error's number */
  create(folder: string, name: string, content: string): number {
    const handle = this.walk(folder);
    const created = this.tryCall(REQUEST.create, (message) =>
      message.word(handle).text(name).word(0o102).word(0o644).word(0),
    );
    if (typeof created === "number") {
      return created;
    }
    const bytes = Uint8Array.from(content, (character) => character.charCodeAt(0));
    this.call(REQUEST.write, (message) => message.word(handle).long(0).word(bytes.length).bytes(bytes));
    this.call(REQUEST.clunk, (message) => message.word(handle));
    return 0;
  }

  /** @returns names in a folder, read in small portions */
  list(folder: string): string[] {
    const handle = this.walk(folder);
    this.call(REQUEST.open, (message) => message.word(handle).word(0));
    const names: string[] = [];
    for (let offset = 0; ;) {
      const start = offset;
      const answer = this.call(REQUEST.readdir, (message) => message.word(handle).long(start).word(100));
      const entries = answer.bytes(answer.word());
      if (entries.length === 0) {
        this.call(REQUEST.clunk, (message) => message.word(handle));
        return names.toSorted();
      }
      const reader = new MessageReader(entries);
      for (let left = entries.length; left > 0;) {
        reader.bytes(13);
        offset = reader.long();
        reader.byte();
        const name = reader.text();
        left -= 13 + 8 + 1 + 2 + name.length;
        names.push(name);
      }
    }
  }
}
