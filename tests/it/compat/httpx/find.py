"""Looks all people up at once; a parameter that is a bool is sent as "true"."""
import asyncio
import json
import os
import sys

import httpx

BASE_URL = os.environ["AMPLEMARKET_BASE_URL"]
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}


async def find(client, lead):
    params = {**lead, "reveal_email": True, "reveal_phone_numbers": True}
    response = await client.get("/people/find", params=params)
    return {"status": response.status_code, "body": response.json()}


async def main():
    leads = [json.loads(line) for line in sys.stdin]
    async with httpx.AsyncClient(base_url=BASE_URL, headers=HEADERS, timeout=30) as client:
        for found in await asyncio.gather(*(find(client, lead) for lead in leads)):
            print(json.dumps(found))


asyncio.run(main())
