#!/usr/bin/env bash
# What a person does with stellar-cli, on a devnet: devnet.sh FOLDER, where FOLDER/info.json says where it is.
set -uo pipefail
work=$1
export STELLAR_CONFIG_HOME="$work/config" STELLAR_DATA_HOME="$work/data" STELLAR_NO_UPDATE_CHECK=1
field() { node -p "JSON.parse(require('fs').readFileSync('$work/info.json', 'utf8')).$1"; }
rpc=$(field rpcUrl)
passphrase=$(field networkPassphrase)
passed=0
failed=0

# check NAME PATTERN COMMAND...: the command succeeds and says something that fits the pattern.
check() {
  local name=$1 pattern=$2
  shift 2
  if timeout 120 "$@" >"$work/said" 2>&1 && grep -Eq -- "$pattern" "$work/said"; then
    passed=$((passed + 1))
    echo "ok   $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name: $*"
    sed 's/^/     /' "$work/said" | tail -20
  fi
}

# refuse NAME PATTERN COMMAND...: the command fails and says why.
refuse() {
  local name=$1 pattern=$2
  shift 2
  if timeout 120 "$@" >"$work/said" 2>&1; then
    failed=$((failed + 1))
    echo "FAIL $name: was not refused"
  elif grep -Eq -- "$pattern" "$work/said"; then
    passed=$((passed + 1))
    echo "ok   $name"
  else
    failed=$((failed + 1))
    echo "FAIL $name: $*"
    sed 's/^/     /' "$work/said" | tail -20
  fi
}

# A method of the devnet's own.
order() {
  curl -s "$rpc" -H 'content-type: application/json' -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":$2}"
}

stellar network add dev --rpc-url "$rpc" --network-passphrase "$passphrase" >/dev/null 2>&1
export STELLAR_NETWORK=dev

check 'tells that the network is healthy' 'Healthy' stellar network health
check 'tells which network it is' "$passphrase" stellar network info
check 'tells its settings' 'ledger_max_tx_count|contract_max_size' stellar network settings --output json
check 'tells its fees' 'Max Inclusion Fee' stellar fees stats
check 'tells the latest ledger' 'Protocol Version: 27' stellar ledger latest
check 'reads a ledger' 'headerXdr' stellar ledger fetch 2 --xdr-format xdr --output json

check 'makes a key and has it funded' 'funded' stellar keys generate ann --fund
check 'takes an account that has coins for funded' 'funded' stellar keys fund ann
check 'makes another' 'funded' stellar keys generate ben --fund
ann=$(stellar keys address ann)
ben=$(stellar keys address ben)

check 'sends a payment' '' stellar tx new payment --source ann --destination ben --amount 50000000
paid=$(curl -s "$(field horizonUrl)/accounts/$ben/payments?order=desc&limit=1" | grep -oE '"transaction_hash": *"[0-9a-f]{64}"' | grep -oE '[0-9a-f]{64}')
check 'reads a transaction' '"amount": *"?50000000' stellar tx fetch --hash "$paid" --output json
check 'reads its result' 'tx_success' stellar tx fetch result --hash "$paid" --output json
check 'reads what it changed' 'tx_changes_before|operations' stellar tx fetch meta --hash "$paid" --output json
check 'reads its fee' '100' stellar tx fetch fee --hash "$paid" --output json
check 'reads its events' 'transfer|fee' stellar tx fetch events --hash "$paid" --output json
check 'opens an account' '' stellar tx new create-account --source ann --destination "$(stellar keys generate cat >/dev/null 2>&1; stellar keys address cat)" --starting-balance 50000000
check 'opens a trustline' '' stellar tx new change-trust --source ben --line "USD:$ann"
check 'sets options' '' stellar tx new set-options --source ann --home-domain home.example
check 'keeps data' '' stellar tx new manage-data --source ann --data-name colour --data-value 726564
check 'bumps a sequence number' '' stellar tx new bump-sequence --source ann --bump-to 1
refuse 'says why a payment fails' 'PaymentNoDestination|NoDestination|no_destination' stellar tx new payment --source ann --destination "$(stellar keys generate dan >/dev/null 2>&1; stellar keys address dan)" --amount 1

check 'deploys the contract of the native asset' '^C[A-Z0-9]{55}$' stellar contract asset deploy --asset native --source ann
native=$(stellar contract id asset --asset native)
check 'calls a contract without a transaction' '^"[0-9]+"$' stellar contract invoke --id "$native" --source ann -- balance --id ann
check 'calls a contract with authorization' 'Success' stellar contract invoke --id "$native" --source ann -- transfer --from ann --to ben --amount 1000
check 'deploys the contract of an issued asset' '^C[A-Z0-9]{55}$' stellar contract asset deploy --asset "USD:$ann" --source ann
usd=$(stellar contract id asset --asset "USD:$ann")
check 'mints it' 'Success' stellar contract invoke --id "$usd" --source ann -- mint --to ben --amount 700
check 'finds its events' 'mint' stellar events --start-ledger 2 --id "$usd" --output json
cursor=$(grep -oE '[0-9]{19}-[0-9]{10}' "$work/said" | tail -1)
check 'finds none after the last' 'No events' stellar events --cursor "${cursor:-none}" --id "$usd" --output json
refuse 'says why a call fails' 'Error\(Contract|HostError|error' stellar contract invoke --id "$usd" --source ben -- mint --to ben --amount -1

check 'uploads code' '^[0-9a-f]{64}$' stellar contract upload --wasm contracts/dist/vault.wasm --source ann
hash=$(tail -1 "$work/said")
config='{"default_limit":"100000000","fee_bps":100,"lanes":1,"limit_period_s":86400,"min_deposit":"1","upgrade_delay_s":604800,"withdraw_delay_s":86400}'
check 'reads the interface of what is on chain' 'fn deposit' stellar contract info interface --wasm-hash "$hash"
check 'deploys it with the arguments of its constructor' '^C[A-Z0-9]{55}$' stellar contract deploy --wasm-hash "$hash" --source ann --alias vault -- --admin ann --operator ann --token "$native" --treasury ben --config "$config"
vault=$(tail -1 "$work/said")
check 'reads it' '' stellar contract invoke --id "$vault" --source ann -- version

stellar contract fetch --id "$vault" --out-file "$work/fetched.wasm" >/dev/null 2>&1
check 'reads the code that it uploaded' '^same$' sh -c "cmp contracts/dist/vault.wasm '$work/fetched.wasm' && echo same"
check 'changes its state' 'Success' stellar contract invoke --id "$vault" --source ann -- deposit --from ann --account ben --amount 5000
check 'reads the changed state' '"balance":"5000"' stellar contract invoke --id "$vault" --source ann -- account --account ben
check 'reads an entry' '[A-Za-z]' stellar contract read --id "$vault" --output json

check 'lets an entry live longer' '[0-9]+' stellar contract extend --id "$vault" --ledgers-to-extend 200000 --source ann
order devnet_mine '{"ledgers":210000}' >/dev/null
check 'restores what was archived' '[0-9]+' stellar contract restore --id "$vault" --source ann
check 'has it again' '' stellar contract invoke --id "$vault" --source ann -- version

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
