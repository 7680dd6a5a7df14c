"""Reads a batch to its last page: links behind the base URL, brackets percent-encoded."""
import json
import os
import sys
from urllib.parse import quote

import httpx

BASE_URL = os.environ["AMPLEMARKET_BASE_URL"]
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}

request_id, page_size = sys.argv[1:]
page = httpx.get(
    f"{BASE_URL}/people/enrichment-requests/{request_id}",
    params={"page[size]": page_size},
    headers=HEADERS,
).json()
print(json.dumps(page))
while "next" in page["_links"]:
    href = quote(page["_links"]["next"]["href"], safe="/?=&")
    page = httpx.get(BASE_URL + href, headers=HEADERS).json()
    print(json.dumps(page))
