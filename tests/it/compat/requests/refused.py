"""Sends bodies of several sizes over one session, whole and in chunks, and shows each status."""
import json
import os
import sys

import requests

method, path, media_type, *sizes = sys.argv[1:]
PIECE = b" " * 65536


def pieces(size):
    for start in range(0, size, len(PIECE)):
        yield PIECE[: size - start]


with requests.Session() as session:
    session.headers["Authorization"] = "Bearer " + os.environ["AMPLEMARKET_API_KEY"]
    session.headers["Content-Type"] = media_type
    for size in map(int, sizes):
        for body in (b" " * size, pieces(size)):
            response = session.request(
                method, os.environ["AMPLEMARKET_BASE_URL"] + path, data=body
            )
            assert len(response.content) == int(response.headers["Content-Length"])
            print(json.dumps(response.status_code))
