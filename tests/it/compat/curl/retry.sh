#!/usr/bin/env bash
# Sends an enrichment again, whatever went wrong, as often as it is told to.
set -euo pipefail
pace=$1 times=${2:-1000}
requests=$AMPLEMARKET_BASE_URL/people/enrichment-requests
key="Authorization: Bearer $AMPLEMARKET_API_KEY"

body="{\"leads\": [$(paste -sd,)], \"reveal_email\": true}"
until accepted=$(curl -sS --fail --json "$body" "$requests" -H "$key" 2>&1); do
    ((--times)) || { echo "{\"gave_up\": \"$accepted\"}"; exit; }
    sleep "$pace"
done
[[ $accepted =~ \"id\":([0-9]+) ]]
id=${BASH_REMATCH[1]}
until batch=$(curl -s --fail "$requests/$id" -H "$key") &&
    [[ $batch == *'"status":"completed"'* ]]; do
    sleep "$pace"
done
echo "$batch"
