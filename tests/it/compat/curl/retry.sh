#!/usr/bin/env bash
# Sends an enrichment again, whatever went wrong, until it is taken.
set -euo pipefail
pace=$1
requests=$AMPLEMARKET_BASE_URL/people/enrichment-requests
key="Authorization: Bearer $AMPLEMARKET_API_KEY"

body="{\"leads\": [$(paste -sd,)], \"reveal_email\": true}"
until accepted=$(curl -s --fail --json "$body" "$requests" -H "$key"); do
    sleep "$pace"
done
[[ $accepted =~ \"id\":([0-9]+) ]]
id=${BASH_REMATCH[1]}
until batch=$(curl -s --fail "$requests/$id" -H "$key") &&
    [[ $batch == *'"status":"completed"'* ]]; do
    sleep "$pace"
done
echo "$batch"
