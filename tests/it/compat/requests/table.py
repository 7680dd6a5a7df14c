"""Enriches the rows of a table as an export of it has them, blank cells and all."""
import csv
import io
import json
import math
import os
import sys
import time

import requests

REQUESTS = os.environ["AMPLEMARKET_BASE_URL"] + "/people/enrichment-requests"
HEADERS = {"Authorization": "Bearer " + os.environ["AMPLEMARKET_API_KEY"]}
TOOL, POLL_SECONDS = sys.argv[1], float(sys.argv[2])


def of_pandas(table):
    """What `df.astype(object).where(df.notna(), None).to_dict(orient="records")` gives."""
    records = [{column: cell or math.nan for column, cell in row.items()} for row in table]
    is_missing = lambda cell: isinstance(cell, float) and math.isnan(cell)
    return [
        {column: None if is_missing(cell) else cell for column, cell in record.items()}
        for record in records
    ]


def of_hubspot(table):
    return [
        {
            "name": row["First Name"] + " " + row["Last Name"],
            "email": row["Email"],
            "title": row["Job Title"],
            "company_name": row["Company Name"],
            "company_domain": row["Company Domain Name"],
            "linkedin_url": row["LinkedIn URL"],
        }
        for row in table
    ]


def of_salesforce(table):
    return [
        {
            "name": f"{row['First Name']} {row['Last Name']}".strip(),
            "email": row["Email"],
            "title": row["Title"],
            "company_name": row["Company / Account"],
            "company_domain": row["Website"] or None,
            "linkedin_url": row["LinkedIn Profile"],
        }
        for row in table
    ]


text = "".join(json.loads(line) for line in sys.stdin)
table = list(csv.DictReader(io.StringIO(text)))
leads = {"pandas": of_pandas, "hubspot": of_hubspot, "salesforce": of_salesforce}[TOOL](table)
body = {"leads": leads, "reveal_email": True}
response = requests.post(REQUESTS, json=body, headers=HEADERS)
response.raise_for_status()
batch = response.json()
while batch["status"] not in ("completed", "error", "canceled"):
    time.sleep(POLL_SECONDS)
    batch = requests.get(f"{REQUESTS}/{batch['id']}", headers=HEADERS).json()
print(json.dumps(batch))
