"""Validates email addresses, waits for the verdicts, and joins them to the addresses."""
import json
import os
import sys
import time

import requests

VALIDATIONS = os.environ["AMPLEMARKET_BASE_URL"] + "/email-validations"
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}
POLL_SECONDS = float(sys.argv[1])

emails = [json.loads(line) for line in sys.stdin]
validation = requests.post(VALIDATIONS, json={"emails": emails}, headers=HEADERS).json()
while validation["status"] in ("queued", "processing"):
    time.sleep(POLL_SECONDS)
    validation = requests.get(f"{VALIDATIONS}/{validation['id']}", headers=HEADERS).json()
verdicts = {row["email"].lower(): row["result"] for row in validation["results"]}
for item in emails:
    print(json.dumps(verdicts[item["email"].lower()]))
