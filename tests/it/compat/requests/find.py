"""Looks people up one by one; a parameter that is a bool is sent as "True"."""
import json
import os
import sys

import requests

BASE_URL = os.environ["AMPLEMARKET_BASE_URL"]
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}

for line in sys.stdin:
    response = requests.get(
        f"{BASE_URL}/people/find",
        params={**json.loads(line), "reveal_email": True, "reveal_phone_numbers": True},
        headers=HEADERS,
    )
    print(json.dumps({"status": response.status_code, "body": response.json()}))
