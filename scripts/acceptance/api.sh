#!/usr/bin/env bash
# Holds a running service to its own description: schemathesis makes requests out of /openapi.json, good ones and bad ones, and looks for
# statuses, types and bodies that the description does not have, and for errors of ours.
#
#   scripts/acceptance/api.sh [EXAMPLES]        100 requests a route and phase by default; EVENKEEL names the program
#
# schemathesis is EVENKEEL_SCHEMATHESIS, else the one in the PATH, else it is fetched once (python3 with venv). Ends with 0 when nothing was found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
examples=${1:-100}
program=${EVENKEEL:-.build/debug/evenkeel}
schemathesis=${EVENKEEL_SCHEMATHESIS:-$(command -v schemathesis || true)}
if [ -z "$schemathesis" ]; then
    venv=${EVENKEEL_API_VENV:-.build/api-venv}
    schemathesis=$venv/bin/schemathesis
    [ -x "$schemathesis" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q schemathesis; }
fi

folder=$(mktemp -d /tmp/ek-api.XXXXXX)
chmod 711 "$folder"  # the embedded server runs as another user when we are root
service=
finish() {
    if [ -n "$service" ]; then kill "$service" 2>/dev/null && wait "$service" || true; fi
    rm -rf "$folder"
}
trap finish EXIT

token=$("$program" token create --data "$folder/data" --name acceptance --roles admin)
"$program" serve --data "$folder/data" --port 0 --with-authentication 2>"$folder/log" &
service=$!
for _ in $(seq 300); do
    grep -q "evenkeel is ready on" "$folder/log" && break
    kill -0 "$service" 2>/dev/null || { cat "$folder/log"; exit 3; }
    sleep 0.1
done
base=$(sed -n 's/^evenkeel is ready on //p' "$folder/log")

# A model whose names the requests may meet.
{ echo "id,income,purpose,sex,score,label"
  for i in $(seq 300); do echo "r$i,$((1000 + i * 7 % 911)),$([ $((i % 2)) = 0 ] && echo car || echo home),$([ $((i % 3)) = 0 ] && echo F || echo M),0.$((10 + i % 80)),$((i % 2))"; done
} >"$folder/reference.csv"
curl -sf -o /dev/null "$base/v1/models/0/versions/0?id=id&score=score&label=label&sensitive=sex" \
    -H "authorization: Bearer $token" -H 'content-type: text/csv' --data-binary @"$folder/reference.csv"

"$schemathesis" --no-color run "$base/openapi.json" -H "Authorization: Bearer $token" \
    --phases examples,coverage,fuzzing --max-examples "$examples" --seed 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance
# What the service itself held to be its own error.
if grep " error " "$folder/log"; then exit 1; fi
