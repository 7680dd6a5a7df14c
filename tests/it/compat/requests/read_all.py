"""Reads a batch to its last page: links against the address of the page that they stand on."""
import json
import os
import sys
from urllib.parse import urljoin

import requests

request_id, page_size = sys.argv[1:]
headers = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}
url = f"{os.environ['AMPLEMARKET_BASE_URL']}/people/enrichment-requests/{request_id}"
url += f"?page[size]={page_size}"
while url:
    response = requests.get(url, headers=headers)
    response.raise_for_status()
    page = response.json()
    print(json.dumps(page))
    following = page["_links"].get("next")
    url = following and urljoin(response.url, following["href"])
