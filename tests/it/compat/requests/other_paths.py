"""Keeps contacts and sequences up to date, and searches for people."""
import json
import os

import requests

BASE_URL = os.environ["AMPLEMARKET_BASE_URL"]

session = requests.Session()
session.headers["Authorization"] = "Bearer " + os.environ["AMPLEMARKET_API_KEY"]
ada = {"email": "ada@x.example"}
for response in [
    session.get(f"{BASE_URL}/account-info"),
    session.get(f"{BASE_URL}/contacts", params={"page[size]": 2, "name": "Ada Lovelace"}),
    session.post(f"{BASE_URL}/sequences/7/leads", json={"leads": [ada]}),
    session.delete(f"{BASE_URL}/excluded-domains/3"),
    session.post(f"{BASE_URL}/people/search", json={"person_name": "Ada Lovelace"}),
]:
    body = response.json() if response.content else None
    print(json.dumps({"status": response.status_code, "body": body}))
