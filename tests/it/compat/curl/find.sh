#!/usr/bin/env bash
# Looks people up one by one; a reveal is asked for with "1".
set -euo pipefail
lead='^\{"([a-z_]+)":"(.*)"\}$'
person=$(mktemp)
trap 'rm "$person"' EXIT

while read -r line; do
    [[ $line =~ $lead ]]
    status=$(curl -sS -G "$AMPLEMARKET_BASE_URL/people/find" \
        -H "Authorization: Bearer $AMPLEMARKET_API_KEY" \
        --data-urlencode "${BASH_REMATCH[1]}=${BASH_REMATCH[2]}" \
        -d reveal_email=1 -d reveal_phone_numbers=1 \
        --output "$person" --write-out '%{http_code}')
    echo "{\"status\": $status, \"body\": $(cat "$person")}"
done
