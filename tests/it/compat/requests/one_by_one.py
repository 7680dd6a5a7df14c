"""Enriches each lead by itself, contacts and all, and waits until it is completed."""
import json
import os
import sys
import time

import requests

REQUESTS = os.environ["AMPLEMARKET_BASE_URL"] + "/people/enrichment-requests"
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}
POLL_SECONDS = float(sys.argv[1])


def enrich(lead):
    body = {"leads": [lead], "reveal_email": True, "reveal_phone_numbers": True}
    response = requests.post(REQUESTS, json=body, headers=HEADERS)
    response.raise_for_status()
    request_id = response.json()["id"]
    while True:
        batch = requests.get(f"{REQUESTS}/{request_id}", headers=HEADERS).json()
        if batch["status"] == "completed":
            return batch
        time.sleep(POLL_SECONDS)


for line in sys.stdin:
    print(json.dumps(enrich(json.loads(line))))
