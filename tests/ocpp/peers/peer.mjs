// Either end of OCPP-J with the package ocpp-rpc in strict mode, driven by JSON lines.
//
// node peer.mjs client URL IDENTITY     a charge point
// node peer.mjs server                  a central system; tells its port
//
// in:  {"id": 1, "call": "Heartbeat", "payload": {}}     {"answer": "Reset", "payload": {"status": "Accepted"}}
// out: {"ready": port or null} {"id": 1, "result": {}} {"id": 1, "error": "…"} {"asked": "Reset", "payload": {}}
//      {"strict": "…"} for every message that the schemas refuse
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(process.argv[2] + "/"));
const { RPCClient, RPCServer } = require("ocpp-rpc");
const [mode, url, identity] = process.argv.slice(3);
const answers = new Map();
let peer = null;

const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");

function serve(client) {
  peer = client;
  client.on("strictValidationFailure", (event) => tell({ strict: String(event.error?.message ?? event.error) }));
  client.on("badMessage", (event) => tell({ strict: `bad message: ${event.error?.message ?? event.error}` }));
  client.handle(({ method, params }) => {
    tell({ asked: method, payload: params });
    return answers.get(method) ?? {};
  });
}

createInterface({ input: process.stdin }).on("line", async (text) => {
  const line = JSON.parse(text);
  if (line.answer) {
    answers.set(line.answer, line.payload);
    return;
  }
  try {
    tell({ id: line.id, result: await peer.call(line.call, line.payload) });
  } catch (error) {
    tell({ id: line.id, error: `${error.rpcErrorCode ?? error.name}: ${error.message}` });
  }
}).on("close", () => process.exit(0));

if (mode === "client") {
  const client = new RPCClient({ endpoint: url, identity, protocols: ["ocpp1.6"], strictMode: true });
  serve(client);
  await client.connect();
  tell({ ready: null });
} else {
  const server = new RPCServer({ protocols: ["ocpp1.6"], strictMode: true });
  server.on("client", serve);
  const http = await server.listen(0, "127.0.0.1");
  tell({ ready: http.address().port });
}
