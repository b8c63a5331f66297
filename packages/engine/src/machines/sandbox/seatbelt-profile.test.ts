import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seatbeltProfile } from "./seatbelt-profile.ts";

describe("the seatbelt profile", () => {
  const profile = seatbeltProfile({ writable: ['/tmp/a "b'], readable: ["/opt/tools"] });

  it("refuses what it does not allow, and the network altogether", () => {
    assert.match(profile, /^\(version 1\)\n\(deny default\)\n/);
    assert.match(profile, /\(deny network\*\)/);
    assert.doesNotMatch(profile, /allow network/);
  });

  it("quotes paths, and allows writing in the machine's own folders alone", () => {
    assert.match(profile, /\(allow file-write\* \(subpath "\/tmp\/a \\"b"\)\)/);
    assert.match(profile, /\(allow file-read\* .*\(subpath "\/opt\/tools"\)/);
  });

  it("allows no writing at all where nothing is writable", () => {
    assert.doesNotMatch(seatbeltProfile({ writable: [], readable: [] }), /\(allow file-write\*/);
  });
});
