"""Enriches all leads, and asks again whenever the last answer says that it pays to."""
import json
import os
import sys
import time

import requests

BASE_URL = os.environ["AMPLEMARKET_BASE_URL"]
PACE = float(sys.argv[1])

session = requests.Session()
session.headers["Authorization"] = "Bearer " + os.environ["AMPLEMARKET_API_KEY"]

leads = [json.loads(line) for line in sys.stdin]
response = session.post(f"{BASE_URL}/people/enrichment-requests", json={"leads": leads})
request_id = response.json()["id"]
waits = []
while response.json()["status"] != "completed":
    waits.append(int(response.headers["Retry-After"]))
    time.sleep(waits[-1] * PACE)
    response = session.get(f"{BASE_URL}/people/enrichment-requests/{request_id}")
print(json.dumps({"waits": waits, "batch": response.json()}))
