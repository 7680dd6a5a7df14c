#!/usr/bin/env bash
# Reads a batch to its last page: links behind the base URL, brackets as they are.
set -euo pipefail
request_id=$1 page_size=$2
key="Authorization: Bearer $AMPLEMARKET_API_KEY"

page=$(curl -sS --fail -G "$AMPLEMARKET_BASE_URL/people/enrichment-requests/$request_id" \
    --data-urlencode "page[size]=$page_size" -H "$key")
echo "$page"
while [[ $page =~ \"next\":\{\"href\":\"([^\"]+)\" ]]; do
    page=$(curl -sS --fail --globoff "$AMPLEMARKET_BASE_URL${BASH_REMATCH[1]}" -H "$key")
    echo "$page"
done
