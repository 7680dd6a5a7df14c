"""Enriches leads, and joins what came back to what was asked: by order, and by what is echoed."""
import json
import os
import sys
import time

import requests

REQUESTS = os.environ["AMPLEMARKET_BASE_URL"] + "/people/enrichment-requests"
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}
POLL_SECONDS, ECHOED = float(sys.argv[1]), sys.argv[2]

leads = [json.loads(line) for line in sys.stdin]
batch = requests.post(REQUESTS, json={"leads": leads}, headers=HEADERS).json()
while batch["status"] != "completed":
    time.sleep(POLL_SECONDS)
    batch = requests.get(f"{REQUESTS}/{batch['id']}", headers=HEADERS).json()
results = batch["results"]

by_order = [results[n]["result"] for n in range(len(leads))]
found = {row[ECHOED].lower(): row["result"] for row in results}
by_echo = [found[lead[ECHOED].lower()] for lead in leads]
for person, same in zip(by_order, by_echo):
    print(json.dumps([person and person["name"], same and same["name"]]))
