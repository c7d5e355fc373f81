"""Calls AWS for a program that has no SDK of its own for a service.

Each line of standard input is a call, `[service, operation, parameters]` by the names of boto3; each line of standard output is
its answer, `{"ok": …}` or `{"error": code, "message": …}`. Bytes are base64 in both.
"""

import base64
import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def plain(value):
    """A value of an answer that JSON has no form for."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    return str(value)


def main():
    clients = {}
    for line in sys.stdin:
        service, operation, parameters = json.loads(line)
        try:
            client = clients.setdefault(service, None) or boto3.client(service)
            clients[service] = client
            answer = {"ok": getattr(client, operation)(**parameters)}
        except ClientError as error:
            said = error.response["Error"]
            answer = {"error": said["Code"], "message": said.get("Message", "")}
        except BotoCoreError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer, default=plain), flush=True)


if __name__ == "__main__":
    main()
