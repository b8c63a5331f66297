/** The least that a proxy in Node can do: `serve-pipe.ts ORIGIN` pipes requests there, and answers back. */
import { Agent, createServer, request } from "node:http";
import { reportPort } from "./start-process.ts";

const { hostname, port } = new URL(process.argv[2] ?? "");
const agent = new Agent({ keepAlive: true });

const server = createServer((incoming, response) => {
  const { method, url: path, headers } = incoming;
  const outgoing = request({ agent, hostname, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
});
server.listen(0, "127.0.0.1", () => reportPort(server));
