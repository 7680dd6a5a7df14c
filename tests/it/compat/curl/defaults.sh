#!/usr/bin/env bash
# Enriches a batch with the headers that a tool sends by default, behind a base URL that ends in a
# slash, and prints what the POST and then each look at it answer.
set -euo pipefail
tool=$1 poll_seconds=$2
key="Authorization: Bearer $AMPLEMARKET_API_KEY"
requests="$AMPLEMARKET_BASE_URL//people/enrichment-requests"
case $tool in
n8n)
    headers=(-H 'Accept: application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7'
        -A 'n8n' -H 'Accept-Encoding: gzip, compress, deflate, br') ;;
postman)
    headers=(-H 'Accept: */*' -A 'PostmanRuntime/7.43.0' -H 'Cache-Control: no-cache'
        -H "Postman-Token: $(cat /proc/sys/kernel/random/uuid)"
        -H 'Accept-Encoding: gzip, deflate, br' -H 'Connection: keep-alive') ;;
esac

body="{\"leads\": [$(paste -sd,)], \"reveal_email\": true}"
answer=$(curl -sS --fail-with-body --compressed "${headers[@]}" "$requests" -H "$key" \
    -H 'Content-Type: application/json' -d "$body")
echo "$answer"
[[ $answer =~ \"id\":([0-9]+) ]]
id=${BASH_REMATCH[1]}
while [[ ! $answer =~ \"status\":\"(completed|error|canceled)\" ]]; do
    sleep "$poll_seconds"
    answer=$(curl -sS --fail-with-body --compressed "${headers[@]}" "$requests/$id" -H "$key")
    echo "$answer"
done
