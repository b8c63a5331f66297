import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answeredHeaders, forwardedHeaders, withCredential } from "./headers.ts";
import { readToken } from "./token.ts";

describe("headers", () => {
  it("sends on what an agent says, without its token, its connection and its encodings", () => {
    const headers = {
      host: "127.0.0.1:1",
      connection: "keep-alive",
      "content-length": "5",
      "accept-encoding": "gzip",
      authorization: "Bearer t",
      "x-api-key": "t",
      "x-goog-api-key": "t",
      cookie: "a=b",
      "anthropic-version": "2023-06-01",
      "x-stainless-lang": "js",
    };
    assert.deepEqual(forwardedHeaders(headers), { "anthropic-version": "2023-06-01", "x-stainless-lang": "js" });
  });

  it("sets a credential's headers, and joins lists of beta features", () => {
    const headers = { "anthropic-beta": "one, two", accept: "*/*" };
    const credential = { authorization: "Bearer real", "anthropic-beta": "two" };
    assert.deepEqual(withCredential(headers, credential), {
      accept: "*/*",
      authorization: "Bearer real",
      "anthropic-beta": "one,two",
    });
  });

  it("passes an answer's headers on, but those of the connection", () => {
    const headers = { "transfer-encoding": "chunked", "content-type": "text/event-stream", "set-cookie": ["a", "b"] };
    assert.deepEqual(answeredHeaders(headers), { "content-type": "text/event-stream", "set-cookie": ["a", "b"] });
  });
});

describe("the token of a request", () => {
  const CASES: readonly [name: string, headers: Record<string, string>, target: string, token: string, path: string][] =
    [
      ["authorization", { authorization: "Bearer t1" }, "/v1/messages?beta=true", "t1", "/v1/messages?beta=true"],
      ["any case of Bearer", { authorization: "bearer t1" }, "/v1/responses", "t1", "/v1/responses"],
      ["x-api-key", { "x-api-key": "t2" }, "/v1/messages", "t2", "/v1/messages"],
      ["x-goog-api-key", { "x-goog-api-key": "t3" }, "/v1beta/models", "t3", "/v1beta/models"],
      [
        "?key=",
        {},
        "/v1beta/models/m:generateContent?alt=sse&key=t4",
        "t4",
        "/v1beta/models/m:generateContent?alt=sse",
      ],
      ["?key= alone", {}, "/v1beta/models?key=a%2Fb", "a/b", "/v1beta/models"],
      ["nothing", {}, "/v1/messages", "", "/v1/messages"],
      ["a broken escape", {}, "/v1beta/models?key=%E0%A4%A", "", "/v1beta/models"],
    ];
  for (const [name, headers, target, token, path] of CASES) {
    it(`is found in ${name}, and taken out of the path`, () => {
      assert.deepEqual(readToken(headers, target), { token, path });
    });
  }
});
