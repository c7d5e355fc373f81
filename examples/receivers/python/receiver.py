#!/usr/bin/env python3
"""A reward endpoint. See ../README.md for its variables, docs/rewards.md for what it has to do."""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Standard Webhooks leaves it to the receiver; this is the value of its libraries.
TOLERANCE_SECONDS = 300
# Far more than any reward has.
MAX_BODY = 1_000_000

KEYS = [base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        for secret in os.environ["SIGNING"].split()]
STORE = os.environ.get("STORE", "rewards.db")


def open_books():
    # Transactions are begun by hand; whoever finds the books locked waits.
    books = sqlite3.connect(STORE, isolation_level=None, timeout=8)
    books.execute("PRAGMA journal_mode=WAL")
    # An answer promises that a power failure takes nothing back.
    books.execute("PRAGMA synchronous=FULL")
    books.execute("CREATE TABLE IF NOT EXISTS calls (id TEXT PRIMARY KEY)")
    books.execute("CREATE TABLE IF NOT EXISTS rewards (key TEXT PRIMARY KEY, recipient TEXT, amount TEXT,"
                  " unit TEXT, state TEXT NOT NULL)")
    return books


def is_signed(headers, body):
    """Whether one of the signatures is by one of the keys, and its time is about now."""
    message_id, sent = headers.get("webhook-id"), headers.get("webhook-timestamp")
    if not message_id or not sent or not sent.isascii() or not sent.isdigit():
        return False
    if abs(time.time() - int(sent)) > TOLERANCE_SECONDS:
        return False
    # As it was sent: the server reads headers as Latin-1.
    content = f"{message_id}.{sent}.".encode("latin-1") + body
    signatures = [part.removeprefix("v1,").encode("latin-1")
                  for part in headers.get("webhook-signature", "").split(" ") if part.startswith("v1,")]
    expected = [base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()) for key in KEYS]
    # No short cut: how long it takes must not tell how much was right.
    matches = [hmac.compare_digest(one, other) for one in signatures for other in expected]
    return any(matches)


def give(books, reward):
    """Your own work, in the transaction `books`: credit the recipient."""


def take_back(books, reward):
    """Your own work, in the transaction `books`: take back what `give` gave."""


def record(books, message_id, event):
    """Does what an event says, once for each `webhook-id`; gives the body of the answer."""
    reward, key = event["data"], event["data"]["key"]
    if books.execute("INSERT OR IGNORE INTO calls VALUES (?)", (message_id,)).rowcount == 0:
        return {"granted": False}
    if event["type"] == "reward.granted":
        # A reversal that came first has left its row.
        row = (key, reward["recipient"]["id"], reward["amount"], reward["unit"])
        new = books.execute("INSERT OR IGNORE INTO rewards VALUES (?, ?, ?, ?, 'given')", row).rowcount == 1
        if new:
            give(books, reward)
        return {"granted": new}
    given = books.execute("UPDATE rewards SET state = 'taken back' WHERE key = ? AND state = 'given'", (key,)).rowcount
    if given:
        take_back(books, reward)
    else:
        books.execute("INSERT OR IGNORE INTO rewards VALUES (?, NULL, NULL, NULL, 'taken back')", (key,))
    return {"reversed": bool(given)}


class Receiver(BaseHTTPRequestHandler):
    # A client that sends nothing does not hold a thread for good.
    timeout = 10

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY:
            return self.answer(413, {"error": "too_large"})
        body = self.rfile.read(int(length))
        if not is_signed(self.headers, body):
            return self.answer(401, {"error": "unauthorized"})
        try:
            event = json.loads(body)
            if event["type"] not in ("reward.granted", "reward.reversed") or not isinstance(event["data"]["key"], str):
                raise ValueError
        except (ValueError, TypeError, KeyError):
            return self.answer(400, {"error": "not_a_reward"})
        books = open_books()
        try:
            # It takes the lock at once: of two calls with one id, the second waits.
            books.execute("BEGIN IMMEDIATE")
            answer = record(books, self.headers["webhook-id"], event)
            books.execute("COMMIT")
        finally:
            books.close()
        return self.answer(200, answer)

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format, *args):
        """Says nothing: a line would have the URL, which may hold a secret."""


if __name__ == "__main__":
    open_books().close()
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
