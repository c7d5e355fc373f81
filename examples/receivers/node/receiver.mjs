// A reward endpoint. See ../README.md for its variables, docs/rewards.md for what it has to do.

import { createHmac, timingSafeEqual } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";

// Standard Webhooks leaves it to the receiver; this is the value of its libraries.
const TOLERANCE_SECONDS = 300;
// Far more than any reward has.
const MAX_BODY = 1_000_000;

const keys = process.env.SIGNING.trim().split(/\s+/)
  .map((secret) => Buffer.from(secret.replace(/^whsec_/, ""), "base64"));
if (keys.some((key) => key.length === 0)) throw new Error("SIGNING has a secret that is not whsec_ and base64");
const store = process.env.STORE ?? "rewards.jsonl";

// The books: one line for each webhook-id. They are for one process; several need a database.
const calls = new Set();
const rewards = new Map();
const file = openSync(store, "a+");
const note = (line) => {
  calls.add(line.id);
  rewards.set(line.key, line.state);
};
const old = readFileSync(store, "utf8");
// A process that died while it wrote may have left half a line, which was never answered.
for (const line of old.split("\n").slice(0, -1)) {
  try { note(JSON.parse(line)); } catch { /* such a half */ }
}
if (old !== "" && !old.endsWith("\n")) writeSync(file, "\n");

function isSigned(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": sent, "webhook-signature": signatures } = headers;
  if (!id || !signatures || !/^[0-9]{1,15}$/.test(sent ?? "")) return false;
  if (Math.abs(Date.now() / 1000 - Number(sent)) > TOLERANCE_SECONDS) return false;
  // As it was sent: the server reads headers as Latin-1.
  const begin = Buffer.from(`${id}.${sent}.`, "latin1");
  let signed = false;
  for (const key of keys) {
    const expected = createHmac("sha256", key).update(begin).update(body).digest();
    for (const part of signatures.split(" ")) {
      if (!part.startsWith("v1,")) continue;
      const given = Buffer.from(part.slice(3), "base64");
      // No short cut: how long it takes must not tell how much was right.
      signed = (given.length === expected.length && timingSafeEqual(given, expected)) || signed;
    }
  }
  return signed;
}

// Your own work: credit the recipient. It is done before the books say so, and again if the process dies in
// between: what it calls takes the reward's key as its own idempotency key.
function give(reward) {}

// Your own work, likewise: take back what `give` gave.
function takeBack(reward) {}

// Does what an event says, once for each webhook-id; gives the body of the answer. Nothing in it waits, so no
// other call comes in between.
function record(id, { type, data }) {
  if (calls.has(id)) return { granted: false };
  const state = rewards.get(data.key);
  const granted = type === "reward.granted";
  // A reward that was taken back before it came stays so.
  const line = { id, key: data.key, state: granted && state === undefined ? "given" : state };
  if (!granted) line.state = "taken back";
  if (granted && state === undefined) give(data);
  if (!granted && state === "given") takeBack(data);
  writeSync(file, JSON.stringify(line) + "\n");
  // An answer promises that a power failure takes nothing back.
  fsyncSync(file);
  note(line);
  return granted ? { granted: state === undefined } : { reversed: state === "given" };
}

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

const server = createServer(async (request, response) => {
  if (request.method !== "POST") return answer(response, 405, { error: "post_only" });
  const parts = [];
  let length = 0;
  try {
    for await (const part of request) {
      length += part.length;
      if (length > MAX_BODY) return answer(response, 413, { error: "too_large" });
      parts.push(part);
    }
  } catch {
    return; // The caller hung up.
  }
  const body = Buffer.concat(parts);
  if (!isSigned(request.headers, body)) return answer(response, 401, { error: "unauthorized" });
  let event;
  try {
    event = JSON.parse(body.toString("utf8"));
    if (!["reward.granted", "reward.reversed"].includes(event.type) || typeof event.data.key !== "string") throw null;
  } catch {
    return answer(response, 400, { error: "not_a_reward" });
  }
  try {
    answer(response, 200, record(request.headers["webhook-id"], event));
  } catch {
    // The books cannot be written: the same call comes again.
    answer(response, 503, { error: "unavailable" });
  }
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
process.on("exit", () => closeSync(file));
