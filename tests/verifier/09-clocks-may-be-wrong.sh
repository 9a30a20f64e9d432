#!/bin/sh
# SPDX-License-Identifier: ISC
# Verifiers of one fleet whose clocks are an hour apart: each serves its own nonces, the one that is off refuses the other's and says so in its log, and
# who then asks and attests there is approved.  (S24)
# shellcheck disable=SC2086
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"

prepare 'judges = 1' 'max-evidence-per-machine = 1000000' 'default-policy = "uki"'
cp build/test/verifier/clock.so "$work/bin/"
start || { fail "the daemon starts"; finish; }
allow_boots
stop

# The second verifier of the fleet: the same share master and authority, keys of its own.
port2=$(free_port)
mkdir "$work/state2"
cp -p "$work/state/share.master" "$work/state2/"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$work/state2"
sed "s|^state = .*|state = \"$work/state2\"|; s|:$port\"|:$port2\"|" "$work/conf" >"$work/conf2"
$user "$work/bin/bootgated" -c "$work/conf2" 2>"$work/log2" </dev/null &
second=$!
trap 'stop; kill $second 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 50); do
	[ ! -s "$work/state2/verifier.pub" ] || break
	sleep 0.1
done
sleep 0.5
kill $second
wait $second || true
$user "$work/bin/bootgatectl" authority delegate "$work/authority" "$work/state2" --name localhost >/dev/null ||
	fail "the second verifier is delegated"

# fleet SHIFT NAME: the second verifier's clock is off; honest machines ask at either, and then with the nonce of the one at the other.
fleet() {
	shift=$1 name=$2
	: >"$work/log2"
	load_begin "$name-own" 2 2 "https://localhost:$port2"
	rm -f "$work/state2/bootgate.db"*
	cp -p "$work/state/bootgate.db" "$work/state2/"
	start || fail "it starts"
	$user env LD_PRELOAD="$work/bin/clock.so" CLOCK_SHIFT="$shift" "$work/bin/bootgated" -c "$work/conf2" 2>"$work/log2" </dev/null &
	second=$!
	sleep 1
	load_go
	wait "$load_pid" || true
	is "$name: the one that is off serves its own nonces" 0 "$(of "$name-own" failed)"
	if [ "$(of "$name-own" served)" -gt 0 ]; then pass "$name: and approves"; else fail "$name: and approves"; fi

	# What is enrolled now is at both.
	load_begin "$name" 3 2 "https://localhost:$port" "https://localhost:$port2"
	kill $second
	wait $second || true
	rm -f "$work/state2/bootgate.db"*
	stop
	cp -p "$work/state/bootgate.db" "$work/state2/"
	start || fail "it starts"
	$user env LD_PRELOAD="$work/bin/clock.so" CLOCK_SHIFT="$shift" "$work/bin/bootgated" -c "$work/conf2" 2>>"$work/log2" </dev/null &
	second=$!
	sleep 1
	load_go
	wait "$load_pid" || true
	case $shift in
	60)
		is "$name: the other's nonces are taken" "" "$(grep 'challenge-again' "$work/$name" | sort -u)"
		is "$name: and nothing is said" 0 "$(grep -c clock "$work/log2" || true)"
		;;
	*)
		is "$name: the other's nonces are refused" "refused challenge-again 409" "$(grep 'challenge-again' "$work/$name" | sort -u)"
		like "$name: the log says whose clock, by how much, and what to do" "a nonce of another verifier.*one of the two clocks is wrong" "$(cat "$work/log2")"
		;;
	esac
	is "$name: each boot is approved" 0 "$(of "$name" failed)"
	if [ "$(of "$name" served)" -gt 0 ]; then pass "$name: there were some"; else fail "$name: there were some"; fi
	kill $second
	wait $second || true
	stop
}
fleet 3600 "an hour ahead"
fleet -3600 "an hour behind"
fleet 60 "a minute ahead"
finish
