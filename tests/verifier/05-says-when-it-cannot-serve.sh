#!/bin/sh
# SPDX-License-Identifier: ISC
# What bootgated cannot do, it says at once and by whose fault: too much to do, no delegation, no certificate.
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"

prepare 'judges = 1' 'max-clients-per-address = 200'
start || { fail "the daemon starts"; finish; }
pass "the daemon starts"

# --- a judge that does not come to it: its queue takes 64 ---
judge=$(children judge | tail -n 1)
kill -STOP "$judge"
for i in $(seq 80); do
	ask /v1/challenge -X POST -H 'Content-Length: 0' -D "$work/head.$i" -o /dev/null &
done
sleep 5
answered=$(cat "$work"/head.* | grep -c '^HTTP/1.1 503' || true)
is "of eighty requests, those that the queue does not take are told so" 16 "$answered"
is "with the time after which to try again" "$answered" "$(cat "$work"/head.* | grep -c '^Retry-After: [1-9]' || true)"
kill -CONT "$judge"
sleep 2
is "the others are answered when it goes on" 64 "$(cat "$work"/head.* | grep -c '^HTTP/1.1 200' || true)"

# --- no delegation ---
mv "$work/state/delegation-1" "$work/"
kill -HUP "$pid"
sleep 1
is "without a delegation nothing is served" 503 "$(code /v1/challenge -X POST -H 'Content-Length: 0')"
like "and the answer names the command" 'bootgatectl authority delegate' "$(ask /v1/challenge -X POST -H 'Content-Length: 0' | tr -c ' -~' ' ')"
like "as the log does" 'run: bootgatectl authority delegate' "$(cat "$work/log")"
is "but it is alive" ok "$(health)"
sed 's/^epoch 1/epoch 2/' "$work/delegation-1" >"$work/state/delegation-2"
kill -HUP "$pid"
sleep 1
is "a delegation whose epoch was changed is none" 503 "$(code /v1/challenge -X POST -H 'Content-Length: 0')"
like "and the log says which" 'delegation-2: not used: signature does not verify' "$(cat "$work/log")"
rm "$work/state/delegation-2"
cp "$work/delegation-1" "$work/state/"
kill -HUP "$pid"
sleep 1
is "with it again, everything is" 200 "$(code /v1/challenge -X POST -H 'Content-Length: 0')"
stop

# --- no certificate yet ---
mv "$work/state/tls.crt" "$work/"
# shellcheck disable=SC2086 # words, or nothing
$user "$work/bin/bootgated" -c "$work/conf" 2>"$work/log" &
pid=$!
sleep 1
like "before it is delegated for the first time it waits, and names the command" 'bootgatectl authority delegate DIR' "$(cat "$work/log")"
cp "$work/tls.crt" "$work/state/"
sleep 2
is "and serves as soon as it was, without a restart" ok "$(health)"
finish
