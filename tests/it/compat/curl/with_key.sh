#!/usr/bin/env bash
# Enriches each lead under a key of its own, so that a run that broke off can be run again.
set -euo pipefail
number=0
while read -r lead; do
    answer=$(curl -sS "$AMPLEMARKET_BASE_URL/people/enrichment-requests" \
        -H "Authorization: Bearer $AMPLEMARKET_API_KEY" -H "Idempotency-Key: $1-$number" \
        --json "{\"leads\": [$lead], \"reveal_email\": true}" --write-out '\n%{http_code}')
    [[ $answer =~ \"id\":([0-9]+) ]] && id=${BASH_REMATCH[1]} || id=null
    number=$((number + 1))
    echo "{\"status\": ${answer##*$'\n'}, \"id\": $id}"
done
