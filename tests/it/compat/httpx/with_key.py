"""Enriches all leads at once, each under a key of its own, so that it can be done again."""
import asyncio
import json
import os
import sys

import httpx

BASE_URL = os.environ["AMPLEMARKET_BASE_URL"]
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}


async def enrich(client, number, line):
    response = await client.post(
        "/people/enrichment-requests",
        json={"leads": [json.loads(line)], "reveal_email": True},
        headers={"idempotency-key": f"{sys.argv[1]}-{number}"},
    )
    return {"status": response.status_code, "id": response.json().get("id")}


async def main():
    async with httpx.AsyncClient(base_url=BASE_URL, headers=HEADERS, timeout=30) as client:
        asked = (enrich(client, number, line) for number, line in enumerate(sys.stdin))
        for told in await asyncio.gather(*asked):
            print(json.dumps(told))


asyncio.run(main())
