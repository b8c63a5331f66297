import { describe } from "node:test";
import type { AgentAdapter } from "../port.ts";
import { testHostileOutput } from "./hostile-output.ts";
import { testLaunch } from "./launch.ts";
import { testOutput } from "./output.ts";
import { testStatements } from "./statements.ts";
import { type Conformance, createSubject } from "./subject.ts";

export type { ExpectedRecording } from "./expected-recording.ts";
export { toRequest } from "./request.ts";
export type { Conformance } from "./subject.ts";

/** Registers with `node:test` everything that each adapter to a command-line agent must keep to. */
export function testConformance(adapter: AgentAdapter, conformance: Conformance): void {
  void describe(`the ${adapter.name} adapter`, () => {
    const subject = createSubject(adapter, conformance);
    testOutput(subject);
    testHostileOutput(subject);
    testLaunch(adapter);
    testStatements(adapter);
  });
}
