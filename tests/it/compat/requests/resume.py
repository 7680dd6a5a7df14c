"""Enriches leads and leaves; run again, goes on with the request that its notes tell of."""
import json
import os
import sys
import time

import requests

REQUESTS = os.environ["AMPLEMARKET_BASE_URL"] + "/people/enrichment-requests"
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}
POLL_SECONDS, notes = float(sys.argv[1]), sys.argv[2]

if not os.path.exists(notes):
    leads = [json.loads(line) for line in sys.stdin]
    response = requests.post(REQUESTS, json={"leads": leads}, headers=HEADERS)
    with open(notes, "w") as file:
        file.write("%d" % response.json()["id"])
    sys.exit()

with open(notes) as file:
    request_id = int(file.read())
while True:
    batch = requests.get(f"{REQUESTS}/{request_id}", headers=HEADERS).json()
    if batch["status"] == "completed":
        print(json.dumps(batch))
        break
    time.sleep(POLL_SECONDS)
