#!/bin/sh
# SPDX-License-Identifier: ISC
# A thousand connections of every annoying kind, from many addresses and from one: every honest machine is served beside them, and its boots take
# not much longer, which is printed and not judged.  ATTACK_SECONDS, ATTACK_CONNECTIONS: for longer runs.  (S16)
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"
seconds=${ATTACK_SECONDS:-5}
connections=${ATTACK_CONNECTIONS:-1000}

prepare 'judges = 2' 'max-clients = 600' 'max-evidence-per-machine = 1000000' 'default-policy = "uki"'
start || { fail "the daemon starts"; finish; }
allow_boots
total=0

# honest NAME TITLE: four machines boot again and again; all are served.
honest() {
	load_begin "$1" "$seconds" 4 && load_go
	wait "$load_pid" || true
	is "$2: every honest machine is served" 0 "$(of "$1" failed)" || true
	[ "$(of "$1" failed)" = 0 ] || grep -v approved "$work/$1" | sort | uniq -c | head -n 5 | sed 's/^/# /'
	[ "$(of "$1" served)" -gt 0 ] || fail "$2: some are served"
}
# under NAME ADDRESSES [KIND...]
under() {
	name=$1 addresses=$2
	shift 2
	build/test/verifier/flood "$port" $((seconds + 3)) "$connections" "$addresses" "$@" >"$work/flood" &
	flood=$!
	sleep 2
	honest "$name" "$connections connections from $addresses addresses${1:+, $*}"
	wait "$flood" || fail "the attacker's program ran"
	echo "# $(cat "$work/flood")"
	total=$((total + $(sed 's/opened \([0-9]*\).*/\1/' "$work/flood")))
	awk -v a="$(of calm p99)" -v b="$(of "$name" p99)" -v m="$(of calm median)" -v n="$(of "$name" median)" -v s="$(of "$name" served)" -v t="$(of "$name" tries)" 'BEGIN {
		printf "# %d boots in %d tries; p99 %.0f ms, %.1f times that without attack; median %.0f ms, %.1f times\n", s, t, b, b / a, n, n / m }'
}

honest calm "without attack"
under many 300
under one 1
under trickle 300 head-drip body-drip body-cut
under large 300 body-huge never-reads body-garbage
is "and everything goes on" ok "$(health)"
# shellcheck disable=SC2119
rss=$(for child in $(children); do awk '/^VmHWM/ { print $2 }' "/proc/$child/status"; done | sort -n | tail -n 1)
echo "# the largest process took $rss kB at most"
echo "# count: $total hostile connections"
finish
