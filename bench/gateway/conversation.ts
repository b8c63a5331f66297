/** Requests as a coding agent sends them: the same system prompt and tools each time, and a conversation that grows turn by turn. */
import { PACED } from "./load-plan.ts";

/** Turns until a conversation starts anew. With these, requests have 50 kB in the mean. */
const TURNS = 15;
const FIXED_BYTES = 30_000;
const TURN_BYTES = 2400;
/** In each text of a conversation: what tells it from those before. */
const MARK = "########";

const WORDS =
  "const value of the function that returns what it was given unless options say otherwise import from test assert equal file line error expected number string undefined return await async throw new Error path join read write";

/** The body of a request to the Messages API that is answered word by word, and short. */
export const PACED_BODY: Buffer = Buffer.from(toBody([{ role: "user", content: `Say it ${PACED}.` }], {}));

/** The body of a short request with a short answer. */
export const SHORT_BODY: Buffer = Buffer.from(toBody([{ role: "user", content: "Run the test." }], {}));

/** The turns of one conversation, over and over, each time with other texts. The bytes hold until `next` is called again. */
export class Conversation {
  readonly #turns: readonly Turn[];
  readonly #name: string;
  #count = 0;

  /** @param name tells it from others; four characters. */
  constructor(name: string) {
    this.#name = name;
    this.#turns = Array.from({ length: TURNS }, (_, index) => createTurn(index + 1));
  }

  next(): Buffer {
    const turn = this.#turns[this.#count % TURNS];
    const lap = Math.floor(this.#count / TURNS);
    this.#count += 1;
    const mark = `${this.#name}${String(lap % 10_000).padStart(4, "0")}`;
    for (const position of turn?.marks ?? []) turn?.body.write(mark, position, "latin1");
    return turn?.body ?? SHORT_BODY;
  }
}

type Turn = { readonly body: Buffer; readonly marks: readonly number[] };

function createTurn(length: number): Turn {
  const messages = Array.from({ length }, (_, index) => toMessages(index)).flat();
  const body = Buffer.from(
    toBody([{ role: "user", content: `${MARK} Make the test pass.` }, ...messages], {
      system: [{ type: "text", text: toText(FIXED_BYTES / 2, 0), cache_control: { type: "ephemeral" } }],
      tools: Array.from({ length: 15 }, (_, index) => toTool(index)),
    }),
  );
  const marks: number[] = [];
  for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK, at + 1)) marks.push(at);
  return { body, marks };
}

function toMessages(index: number): object[] {
  const id = `toolu_${index}`;
  return [
    {
      role: "assistant",
      content: [{ type: "tool_use", id, name: "tool_1", input: { path: `src/${MARK}/${index}.ts` } }],
    },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: id, content: `${MARK} ${toText(TURN_BYTES, index)}` }],
    },
  ];
}

function toTool(index: number): object {
  return {
    name: `tool_${index}`,
    description: toText(FIXED_BYTES / 2 / 15 - 200, index),
    input_schema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
  };
}

/** Reproducible text: words in an order that depends on `seed`, in lines. */
function toText(bytes: number, seed: number): string {
  const words = WORDS.split(" ");
  let [text, state] = ["", seed + 1];
  while (text.length < bytes) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += `${words[state % words.length] ?? ""}${state % 11 === 0 ? ";\n  " : " "}`;
  }
  return text.slice(0, bytes);
}

function toBody(messages: readonly object[], more: object): string {
  return JSON.stringify({ model: "claude-sonnet-4-5", max_tokens: 4096, stream: true, ...more, messages });
}
