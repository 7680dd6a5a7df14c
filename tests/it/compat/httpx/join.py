"""Enriches leads, and joins what came back to what was asked: by order, and by what is echoed."""
import json
import os
import sys
import time

import httpx

POLL_SECONDS, ECHOED = float(sys.argv[1]), sys.argv[2]

client = httpx.Client(
    base_url=os.environ["AMPLEMARKET_BASE_URL"],
    headers={"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]},
)
leads = [json.loads(line) for line in sys.stdin]
batch = client.post("/people/enrichment-requests", json={"leads": leads}).json()
while batch["status"] != "completed":
    time.sleep(POLL_SECONDS)
    batch = client.get(f"/people/enrichment-requests/{batch['id']}").json()

found = {row[ECHOED].strip().lower(): row for row in batch["results"]}
for lead, row in zip(leads, batch["results"]):
    same = found[lead[ECHOED].strip().lower()]
    print(json.dumps([(r["result"] or {}).get("name") for r in (row, same)]))
