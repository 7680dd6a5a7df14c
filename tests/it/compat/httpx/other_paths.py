"""Keeps contacts and sequences up to date, and searches for people."""
import json
import os

import httpx

client = httpx.Client(
    base_url=os.environ["AMPLEMARKET_BASE_URL"],
    headers={
        "authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"],
        "accept": "application/vnd.amp+json",
    },
)
ada = json.dumps({"leads": [{"email": "ada@x.example"}]})
amp = {"content-type": "application/vnd.amp+json"}
for response in [
    client.get("/users"),
    client.get("/calls?page[size]=2&page[after]=1"),
    client.post("/sequences/7/leads", content=ada, headers=amp),
    client.delete("/excluded-emails/3"),
    client.post("/people/search", json={"person_name": "Ada Lovelace"}),
]:
    body = response.json() if response.content else None
    print(json.dumps({"status": response.status_code, "body": body}))
