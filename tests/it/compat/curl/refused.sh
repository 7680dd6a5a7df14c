#!/usr/bin/env bash
# Sends bodies of several sizes over one connection as long as it is kept, whole and in chunks, with
# and without waiting for "100 Continue", and shows each status.
set -euo pipefail
method=$1 path=$2 media_type=$3
shift 3
file=$(mktemp)
trap 'rm "$file"' EXIT
for size in "$@"; do
    head -c "$size" /dev/zero >"$file"
    asked=()
    for how in "Expect:" "Expect: 100-continue" "Transfer-Encoding: chunked"; do
        asked+=(--next -sS -X "$method" --data-binary "@$file" -H "$how"
            -H "Authorization: Bearer $AMPLEMARKET_API_KEY" -H "Content-Type: $media_type"
            -o /dev/null --write-out '%{http_code}\n' "$AMPLEMARKET_BASE_URL$path")
    done
    curl "${asked[@]:1}"
done
