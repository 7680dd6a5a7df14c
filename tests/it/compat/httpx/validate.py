"""Validates email addresses, and reads the verdicts in the order of the addresses."""
import json
import os
import sys
import time

import httpx

PACE = float(sys.argv[1])

client = httpx.Client(
    base_url=os.environ["AMPLEMARKET_BASE_URL"],
    headers={"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]},
)
emails = [json.loads(line) for line in sys.stdin]
response = client.post("/email-validations", json={"emails": emails})
while response.json()["status"] != "completed":
    time.sleep(int(response.headers["Retry-After"]) * PACE)
    response = client.get(response.json()["_links"]["self"]["href"])
for row in response.json()["results"]:
    print(json.dumps(row["result"]))
