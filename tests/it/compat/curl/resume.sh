#!/usr/bin/env bash
# Enriches leads and leaves; run again, goes on with the request that its notes tell of.
set -euo pipefail
poll_seconds=$1 notes=$2
requests=$AMPLEMARKET_BASE_URL/people/enrichment-requests
key="Authorization: Bearer $AMPLEMARKET_API_KEY"

if [[ ! -e $notes ]]; then
    accepted=$(curl -sS --fail --json "{\"leads\": [$(paste -sd,)]}" "$requests" -H "$key")
    [[ $accepted =~ \"id\":([0-9]+) ]]
    echo "${BASH_REMATCH[1]}" >"$notes"
    exit
fi

until batch=$(curl -sS --fail "$requests/$(cat "$notes")" -H "$key") &&
    [[ $batch == *'"status":"completed"'* ]]; do
    sleep "$poll_seconds"
done
echo "$batch"
