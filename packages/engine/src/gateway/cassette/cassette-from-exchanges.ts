import { writeFile } from "node:fs/promises";
import type { RecordedExchange } from "./exchange.ts";
import { packMember } from "./member.ts";
import { toRecord } from "./record.ts";

/**
 * Writes a cassette of exchanges that nobody recorded, so that a script can be played as the model. They are written as they are:
 * nothing is redacted.
 * @throws the system's error where the file exists, or can't be written.
 */
export async function cassetteFromExchanges(path: string, exchanges: Iterable<RecordedExchange>): Promise<void> {
  await writeFile(path, packAll(exchanges), { flag: "wx", mode: 0o600 });
}

async function* packAll(exchanges: Iterable<RecordedExchange>): AsyncGenerator<Buffer, void> {
  for (const exchange of exchanges) yield packMember(toRecord(exchange));
}
