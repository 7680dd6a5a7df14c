"""Has urllib3 send an enrichment again, up to six times, when a gateway on the way fails."""
import json
import os
import sys
import time

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

BASE_URL = os.environ["AMPLEMARKET_BASE_URL"]
PACE = float(sys.argv[1])

retry = Retry(
    total=6,
    status_forcelist=[429, 500, 502, 503, 504],
    allowed_methods=None,  # any, POST too
    backoff_factor=PACE,
)
session = requests.Session()
session.mount("http://", HTTPAdapter(max_retries=retry))
session.mount("https://", HTTPAdapter(max_retries=retry))
session.headers["Authorization"] = "Bearer " + os.environ["AMPLEMARKET_API_KEY"]

leads = [json.loads(line) for line in sys.stdin]
body = {"leads": leads, "reveal_email": True}
batch = session.post(f"{BASE_URL}/people/enrichment-requests", json=body).json()
while batch["status"] != "completed":
    time.sleep(PACE)
    batch = session.get(f"{BASE_URL}/people/enrichment-requests/{batch['id']}").json()
print(json.dumps(batch))
