"""Enriches all leads, and asks again whenever the last answer says that it pays to."""
import json
import os
import sys
import time

import httpx

PACE = float(sys.argv[1])

client = httpx.Client(
    base_url=os.environ["AMPLEMARKET_BASE_URL"],
    headers={"authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]},
)
leads = [json.loads(line) for line in sys.stdin]
response = client.post("/people/enrichment-requests", json={"leads": leads})
path = f"/people/enrichment-requests/{response.json()['id']}"
waits = []
while response.json()["status"] in ("queued", "processing"):
    waits.append(int(response.headers["retry-after"]))
    time.sleep(waits[-1] * PACE)
    response = client.get(path)
print(json.dumps({"waits": waits, "batch": response.json()}))
