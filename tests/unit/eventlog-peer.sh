#!/bin/sh
# SPDX-License-Identifier: ISC
# eventlog-peer.sh [LOG...]: bootgatectl and tpm2_eventlog agree on every PCR in every bank of every log that both read; what
# bootgatectl refuses, it refuses with file, offset and reason, and it never crashes.  Prints TAP.
set -eu
cd "$(dirname "$0")/../.."
ctl=${BOOTGATECTL:-build/bootgatectl}
[ $# -gt 0 ] || set -- tests/data/eventlogs/*.bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0 bad=0
echo "1..$#"

# The values that tpm2_eventlog prints, as lines "bank index hex"; and the PCRs that hold EV_NO_ACTION events beside the first event.
peer_values() {
	awk '/^pcrs:/ { on = 1; next }
		on && /^  [a-z0-9_]+:/ { sub(":", "", $1); bank = $1; next }
		on && /^    [0-9]+ *:/ { print bank, $1 + 0, substr($NF, 3) }' "$1" | sort
}
peer_no_action() {
	awk '/^- EventNum:/ { event = $3 } /^  PCRIndex:/ { pcr = $2 }
		/^  EventType: EV_NO_ACTION/ && event > 0 { print pcr }' "$1" | sort -u
}

say() {
	if [ "$1" = ok ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		bad=1
	fi
}

compare() {
	peer_values "$work/peer" >"$work/theirs"
	sort "$work/ours" >"$work/ours.sorted"
	if cmp -s "$work/theirs" "$work/ours.sorted"; then
		say ok "$1: $(wc -l <"$work/theirs") values agree"
		return
	fi
	# tpm2_eventlog before 5.6 extends by EV_NO_ACTION events and starts PCR 0 with zeros after any startup.
	for pcr in $(peer_no_action "$work/peer"); do
		for file in theirs ours.sorted; do
			awk -v pcr="$pcr" '$2 != pcr' "$work/$file" >"$work/rest"
			mv "$work/rest" "$work/$file"
		done
	done
	if cmp -s "$work/theirs" "$work/ours.sorted"; then
		say ok "$1: $(wc -l <"$work/theirs") values agree, without PCR $(peer_no_action "$work/peer" | tr '\n' ' ')(EV_NO_ACTION)"
	else
		say bad "$1: $(diff "$work/theirs" "$work/ours.sorted" | head -n 3 | tr '\n' ' ')"
	fi
}

for log in "$@"; do
	n=$((n + 1))
	name=$(basename "$log")
	peer=0 ours=0 shown=0
	# In a shell of its own, which keeps the words about a crash to itself.
	sh -c 'tpm2_eventlog "$1" >"$2"; exit $?' - "$log" "$work/peer" >/dev/null 2>&1 || peer=$?
	"$ctl" eventlog replay "$log" >"$work/ours" 2>"$work/error" || ours=$?
	"$ctl" eventlog show - <"$log" >"$work/show" 2>>"$work/error" || shown=$?
	if [ "$ours" -ne "$shown" ] || LC_ALL=C grep -q '[^ -~]' "$work/show"; then
		say bad "$name: replay ends with $ours, show with $shown, or what is shown is not plain"
	elif [ "$ours" -eq 1 ] && [ ! -s "$work/ours" ] && grep -q "$log: offset [0-9]*: [a-zA-Z]" "$work/error"; then
		say ok "$name: refused: $(sed -n "s|.*$log: ||p" "$work/error")"
	elif [ "$ours" -ne 0 ]; then
		say bad "$name: ends with $ours: $(cat "$work/error")"
	elif [ "$peer" -ne 0 ]; then
		say ok "$name: $(wc -l <"$work/ours") values; tpm2_eventlog ends with $peer"
	else
		compare "$name"
	fi
done
exit $bad
