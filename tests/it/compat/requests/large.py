"""Sends a large batch, packed, in the vendor's own media type."""
import gzip
import json
import os
import sys

import requests

body = {"leads": [json.loads(line) for line in sys.stdin]}
response = requests.post(
    os.environ["AMPLEMARKET_BASE_URL"] + "/people/enrichment-requests",
    data=gzip.compress(json.dumps(body).encode()),
    headers={
        "authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"],
        "content-type": "application/vnd.amp+json",
        "content-encoding": "gzip",
        "accept": "application/vnd.amp+json",
    },
)
response.raise_for_status()
print(json.dumps({"media_type": response.headers["content-type"], "id": response.json()["id"]}))
