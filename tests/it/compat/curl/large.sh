#!/usr/bin/env bash
# Sends a large batch as it is; curl waits for "100 Continue" before it sends so much.
set -euo pipefail
{ printf '{"leads": ['; paste -sd,; printf ']}'; } |
    curl -sS --fail --compressed --data-binary @- \
        "$AMPLEMARKET_BASE_URL/people/enrichment-requests" \
        -H "authorization: Bearer $AMPLEMARKET_API_KEY" \
        -H "content-type: application/vnd.amp+json" -H "accept: application/vnd.amp+json" \
        --write-out '\n{"media_type": "%{content_type}"}'
