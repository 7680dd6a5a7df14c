"""Enriches each lead under a key of its own, so that a run that broke off can be run again."""
import json
import os
import sys

import requests

REQUESTS = os.environ["AMPLEMARKET_BASE_URL"] + "/people/enrichment-requests"

session = requests.Session()
session.headers["Authorization"] = "Bearer " + os.environ["AMPLEMARKET_API_KEY"]
for number, line in enumerate(sys.stdin):
    response = session.post(
        REQUESTS,
        json={"leads": [json.loads(line)], "reveal_email": True},
        headers={"Idempotency-Key": f"{sys.argv[1]}-{number}"},
    )
    print(json.dumps({"status": response.status_code, "id": response.json().get("id")}))
