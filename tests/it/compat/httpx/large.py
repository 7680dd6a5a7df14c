"""Sends a large batch piece by piece, of a length that is not told before."""
import json
import os
import sys

import httpx


def pieces():
    yield b'{"leads":['
    for n, line in enumerate(sys.stdin):
        yield b"," * (n > 0) + line.encode()
    yield b"]}"


response = httpx.post(
    os.environ["AMPLEMARKET_BASE_URL"] + "/people/enrichment-requests",
    content=pieces(),
    headers={
        "authorization": "bearer " + os.environ["AMPLEMARKET_API_KEY"],
        "content-type": "application/json; charset=utf-8",
    },
    timeout=60,
)
response.raise_for_status()
print(json.dumps({"media_type": response.headers["Content-Type"], "id": response.json()["id"]}))
