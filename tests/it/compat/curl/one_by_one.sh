#!/usr/bin/env bash
# Enriches each lead by itself, contacts and all, and polls until nothing more will come.
set -euo pipefail
poll_seconds=$1
requests=$AMPLEMARKET_BASE_URL/people/enrichment-requests
key="Authorization: Bearer $AMPLEMARKET_API_KEY"

while read -r lead; do
    body="{\"leads\": [$lead], \"reveal_email\": true, \"reveal_phone_numbers\": true}"
    accepted=$(curl -sS --fail "$requests" -H "$key" -H "Content-Type: application/json" -d "$body")
    [[ $accepted =~ \"id\":([0-9]+) ]]
    id=${BASH_REMATCH[1]}
    until batch=$(curl -sS --fail "$requests/$id" -H "$key") &&
        [[ $batch == *'"status":"completed"'* || $batch == *'"status":"error"'* ]]; do
        sleep "$poll_seconds"
    done
    echo "$batch"
done
