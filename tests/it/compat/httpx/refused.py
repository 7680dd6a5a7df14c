"""Sends bodies of several sizes over one client, whole and in chunks, and shows each status."""
import json
import os
import sys

import httpx

method, path, media_type, *sizes = sys.argv[1:]
PIECE = b" " * 65536


def pieces(size):
    for start in range(0, size, len(PIECE)):
        yield PIECE[: size - start]


headers = {
    "Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"],
    "Content-Type": media_type,
}
with httpx.Client(headers=headers, timeout=60) as client:
    for size in map(int, sizes):
        for body in (b" " * size, pieces(size)):
            response = client.request(
                method, os.environ["AMPLEMARKET_BASE_URL"] + path, content=body
            )
            assert len(response.content) == int(response.headers["Content-Length"])
            print(json.dumps(response.status_code))
