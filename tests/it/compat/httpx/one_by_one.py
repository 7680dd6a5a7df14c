"""Enriches all leads at once, each by itself, and polls each until nothing more will come."""
import asyncio
import json
import os
import sys

import httpx

BASE_URL = os.environ["AMPLEMARKET_BASE_URL"]
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}
POLL_SECONDS = float(sys.argv[1])


async def enrich(client, lead):
    body = {"leads": [lead], "reveal_email": True, "reveal_phone_numbers": True}
    response = await client.post("/people/enrichment-requests", json=body)
    response.raise_for_status()
    path = response.json()["_links"]["self"]["href"]
    while True:
        batch = (await client.get(path)).json()
        if batch["status"] in ("completed", "failed", "canceled", "error"):
            return batch
        await asyncio.sleep(POLL_SECONDS)


async def main():
    leads = [json.loads(line) for line in sys.stdin]
    async with httpx.AsyncClient(base_url=BASE_URL, headers=HEADERS, timeout=30) as client:
        for batch in await asyncio.gather(*(enrich(client, lead) for lead in leads)):
            print(json.dumps(batch))


asyncio.run(main())
