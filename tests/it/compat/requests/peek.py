"""Shows who of an enrichment is found already."""
import json
import os
import sys

import requests

response = requests.get(
    f"{os.environ['AMPLEMARKET_BASE_URL']}/people/enrichment-requests/{sys.argv[1]}",
    headers={"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]},
)
for row in response.json()["results"]:
    if row["status"] == "enriched":
        print(json.dumps({"asked": row["linkedin_url"], "found": row["result"]["name"]}))
