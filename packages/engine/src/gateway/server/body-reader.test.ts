import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { toObject } from "../../agents/json-value.ts";
import { type BodyReader, createBodyReader } from "./body-reader.ts";

/** Long enough to be read part by part. */
const LONG = "x".repeat(3000);
const message = (text: string): object => ({ role: "user", content: [{ type: "text", text }] });

function read(reader: BodyReader, value: unknown): Record<string, unknown> {
  const json = reader.read(Buffer.from(JSON.stringify(value)));
  assert.deepEqual(json, value);
  return json as Record<string, unknown>;
}

describe("the reader of bodies", () => {
  it("gives parts that come again as the same objects, wherever they stand", () => {
    const reader = createBodyReader();
    const tools = [{ name: "bash", description: LONG }];
    const first = read(reader, { model: "a", messages: [message("one"), message(LONG)], tools });
    const second = read(reader, { tools, messages: [message("zero"), message("one"), message(LONG)], model: "b" });
    assert.equal(second["tools"], first["tools"]);
    const [messages, before] = [second["messages"] as object[], first["messages"] as object[]];
    assert.equal(messages[1], before[0]);
    assert.equal(messages[2], before[1]);
    assert.notEqual(messages[0], before[0]);
  });

  it("never takes one part for another that it has the samples of in common", () => {
    const reader = createBodyReader();
    for (let at = 0; at < 3000; at += 7) {
      const text = `${LONG.slice(0, at)}y${LONG.slice(at + 1)}`;
      read(reader, { model: "a", messages: [message(text)] });
    }
  });

  it("reads what begins like the part that came there before", () => {
    const reader = createBodyReader();
    const [one, other] = [message("one"), message("another one")];
    read(reader, { model: "a", messages: [one, other], tools: [LONG] });
    read(reader, { model: "a", messages: [one, other, one], tools: [`${LONG}y`] });
    read(reader, { model: "a", messages: [one], tools: [LONG, LONG] });
    read(reader, { model: "a", messages: [one, [other, other]], tools: LONG });
    const digits = (count: number): string => `{"a":"${LONG}","messages":[${"1".repeat(count)},2]}`;
    for (const text of [digits(40), digits(41), digits(40)])
      assert.deepEqual(reader.read(Buffer.from(text)), JSON.parse(text));
  });

  it("takes nothing for whole that is cut within a part that it knows", () => {
    const reader = createBodyReader();
    const text = JSON.stringify({ tools: [LONG], messages: [message("one"), message("two")] });
    for (const end of [text.length, text.length - 1, text.length - 2, text.length - 9, text.length])
      assert.equal(reader.read(Buffer.from(text.slice(0, end))) === undefined, end < text.length);
  });

  it("keeps no more than its bound", () => {
    const reader = createBodyReader();
    const body = (text: string): object => ({ messages: [message(text)] });
    const first = read(reader, body(`first ${LONG}`));
    for (let index = 0; index < 20; index += 1) read(reader, body(`${index} ${"y".repeat(900_000)}`));
    const again = read(reader, body(`first ${LONG}`));
    assert.notEqual((again["messages"] as object[])[0], (first["messages"] as object[])[0]);
  });

  it("leaves a body of very many messages to JSON.parse", () => {
    const many = { messages: Array.from({ length: 10_001 }, () => message(LONG)) };
    const reader = createBodyReader();
    const [first, again] = [read(reader, many), read(reader, many)].map(
      ({ messages }) => messages as readonly object[],
    );
    assert.deepEqual([first, again], [many.messages, many.messages]);
    assert.notEqual(first?.at(-1), again?.at(-1));
  });

  it("unpacks what is packed", () => {
    const packed = gzipSync(JSON.stringify({ messages: [message(LONG)] }));
    assert.deepEqual(createBodyReader().read(packed, "gzip"), { messages: [message(LONG)] });
    assert.equal(createBodyReader().read(packed), undefined);
  });
});

/** Texts that JSON.parse and nobody else decides on. Each is made long in its own way. */
const UNUSUAL: readonly string[] = [
  `{"messages":[],"a":"${LONG}"}`,
  ` {\t"a" :\r\n[ ] , "messages" : [ {"b":"${LONG}"} , 1,null ,"c" ] }\n`,
  `{"a":1,"a":"${LONG}","a":[2]}`,
  `{"__proto__":{"evil":true},"a":"${LONG}"}`,
  `{"mod\\u0065l":"${LONG}"}`,
  `{"1":1,"0":"${LONG}"}`,
  `{"a":"\\"}],{[\\\\","messages":["${LONG}\\\\\\"",{}]}`,
  `{"a":"ü✓😀${LONG}","messages":[{"text":"ünï"}]}`,
  `{"a":-1.5e+10,"b":true,"c":false,"d":null,"e":"${LONG}"}`,
  `{"messages":{"a":"${LONG}"},"input":"${LONG}"}`,
  `{"a":"${LONG}",}`,
  `{"a":"${LONG}"} x`,
  `{"a":"${LONG}"`,
  `{"a":"${LONG}`,
  `{"a":[1}],"b":"${LONG}"}`,
  `{"a":01,"b":"${LONG}"}`,
  `{"a":tru,"b":"${LONG}"}`,
  `{"a":,"b":"${LONG}"}`,
  `{"a" 1,"b":"${LONG}"}`,
  `{,"b":"${LONG}"}`,
  `{"messages":[1,],"b":"${LONG}"}`,
  `{"messages":[,1],"b":"${LONG}"}`,
  `{"messages":[1 2],"b":"${LONG}"}`,
  `{"a":"line\nfeed ${LONG}"}`,
  `\ufeff{"a":"${LONG}"}`,
  `[{"a":"${LONG}"}]`,
  `"${LONG}"`,
  `{}${" ".repeat(3000)}`,
  "[".repeat(5000),
  `{"a":${"[".repeat(400)}${"]".repeat(400)},"b":"${LONG}"}`,
];

describe("what the reader of bodies gives", () => {
  for (const text of UNUSUAL) {
    it(`is what JSON.parse gives of ${JSON.stringify(text.slice(0, 40))}`, () => {
      const reader = createBodyReader();
      const expected = parse(text);
      for (let times = 0; times < 2; times += 1) assert.deepEqual(reader.read(Buffer.from(text)), expected);
    });
  }

  it("is what JSON.parse gives of a body with any one byte changed", () => {
    const reader = createBodyReader();
    const text = JSON.stringify({
      model: "m",
      n: [1, { a: "\\" }],
      messages: [message("one\n"), message("two")],
      z: LONG,
    });
    for (let at = 0; at < 200; at += 1) {
      for (const sign of ['"', "{", "}", "[", "]", ",", ":", "\\", " ", "0", "\u0000"]) {
        const changed = `${text.slice(0, at)}${sign}${text.slice(at + 1)}`;
        assert.deepEqual(reader.read(Buffer.from(changed)), parse(changed), changed.slice(0, 220));
      }
    }
  });

  it("is what JSON.parse gives of bytes that are no UTF-8", () => {
    const bytes = Buffer.from(`{"a":"${LONG}","messages":["\u00e9\u00e8${"-".repeat(40)}"]}`, "latin1");
    assert.deepEqual(createBodyReader().read(bytes), parse(bytes.toString("utf8")));
  });
});

function parse(text: string): unknown {
  try {
    return toObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}
