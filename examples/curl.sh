#!/bin/sh
# Calls a sold API with curl: prints the answer, then what it cost and what is left.
# CALLORA_URL is the gateway's origin, CALLORA_TOKEN an access token (`callora login`). Needs curl, sed and tr.
set -eu
: "${CALLORA_URL:?set CALLORA_URL to the address of the gateway}"
: "${CALLORA_TOKEN:?set CALLORA_TOKEN to an access token}"

head=$(mktemp)
trap 'rm -f "$head"' EXIT

# The token goes in through stdin (-H @-), so that it does not show in the list of processes.
body=$(printf 'authorization: Bearer %s\n' "$CALLORA_TOKEN" |
  curl --silent --show-error --dump-header "$head" -H @- "$CALLORA_URL/demo/forecast/oslo")
status=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$head")

field() {
  tr -d '\r' <"$head" | sed -n "s/^$1: //p"
}

case "$status" in
200)
  echo "$body"
  echo "price $(field callora-price) USDC, balance $(field callora-balance) USDC"
  ;;
402)
  # The body is problem+json: `code` says why, `pay` lists the ways to pay in, each with what it takes.
  echo "payment required: $body" >&2
  exit 1
  ;;
*)
  echo "refused with $status: $body" >&2
  exit 1
  ;;
esac
