#!/bin/sh
# SPDX-License-Identifier: ISC
# Processes killed at random moments under load, the power cut, the disk full, the database locked, read-only or gone: no approval without its durable
# record, a chain that verifies, and a verifier that goes on by itself.  KILL_SECONDS, POWER_CUTS: for longer runs.  (S25)
# shellcheck disable=SC2086,SC2119
if [ "$(id -u)" = 0 ] && [ -z "${DISK_SPACE:-}" ]; then
	DISK_SPACE=own exec unshare -m "$0" "$@"
fi
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"
seconds=${KILL_SECONDS:-8}
cuts=${POWER_CUTS:-60}

prepare 'judges = 2' 'max-evidence-per-machine = 1000000' 'default-policy = "uki"'
start || { fail "the daemon starts"; finish; }
allow_boots
stop

# recorded NAME: every approval that a load got stands in the audit log as one.
recorded() {
	ctl audit list --last 1000000 2>/dev/null | awk '$5 == "approved" || $4 == "approved" { print $1 }' | sort >"$work/in-log"
	awk '$1 == "approved" { print $2 }' "$work/$1" | sort >"$work/got"
	comm -13 "$work/in-log" "$work/got" | head -n 3
}
verifies() { ctl audit verify 2>&1 | grep -Eo '^[0-9]+ records, each follows' | sed 's/.* records/records/' || true; }

# --- kill -9, and the power cut, under load ---
export POWER_LOG="$work/power.log" POWER_FOLDER="$work/state"
: >"$POWER_LOG"
[ "$(id -u)" != 0 ] || chown 65534 "$POWER_LOG"
cp build/test/verifier/power.so "$work/bin/"
load_begin killed "$seconds" 4
cp -a "$work/state" "$work/base"
run_recorded() {
	$user env LD_PRELOAD="$work/bin/power.so" "$work/bin/bootgated" -c "$work/conf" 2>>"$work/log" </dev/null &
	pid=$!
}
run_recorded
rounds=0
(
	sleep 1
	load_go
)
exec 7>&-
end=$(($(date +%s) + seconds))
while [ "$(date +%s)" -lt $end ]; do
	sleep "0.$((3 + $(date +%N | cut -c5) / 2))"
	# The one after the other, and a judge whenever it can be.
	case $((rounds % 5)) in
	0 | 2) victim=$(children judge | tail -n 1) ;;
	1) victim=$(children front) ;;
	3) victim=$(children desk) ;;
	4) victim=$pid ;;
	esac
	victim=${victim%%
*}
	[ -z "$victim" ] || { kill -9 "$victim" 2>/dev/null && rounds=$((rounds + 1)); } || true
	if ! kill -0 "$pid" 2>/dev/null; then
		wait "$pid" 2>/dev/null || true
		run_recorded
	fi
done
for child in $(children) "$pid"; do kill -9 "$child" 2>/dev/null || true; done
pid=
# From here on nobody writes down what is written.
cp "$work/power.log" "$work/power.kept"
unset POWER_LOG
start || fail "it starts again by itself"
wait "$load_pid" || true
is "killed $rounds times at random moments: it serves again without hands" ok "$(health)"
is "the chain of records verifies" "records, each follows" "$(verifies)"
is "every approval that left stands in it" "" "$(recorded killed)"
served=$(of killed served)
if [ "${served:-0}" -gt 0 ] && [ "$(of killed failed)" = 0 ]; then pass "and every machine was served in the end"; else
	fail "and every machine was served in the end" "$(tail -n 3 "$work/killed")"
fi
echo "# $served boots in $(of killed tries) tries"
stop

# --- what a disk may hold after a power cut at any of those moments ---
mkdir "$work/cuts"
perl tests/verifier/power.pl "$work/power.kept" "$work/base" "$work/cuts" "$cuts" "$(date +%s)" >"$work/cuts.list" 2>"$work/cuts.log" || fail "power.pl" "$(cat "$work/cuts.log")"
lost='' broken='' approvals=0
while read -r number approved; do
	[ "$(id -u)" != 0 ] || chown -R 65534 "$work/cuts/$number"
	sed "s|^state = .*|state = \"$work/cuts/$number\"|" "$work/conf" >"$work/cut.conf"
	$user "$work/bin/bootgatectl" -c "$work/cut.conf" audit verify >"$work/said" 2>&1 || broken="$broken $number: $(cat "$work/said")"
	$user "$work/bin/bootgatectl" -c "$work/cut.conf" audit list --last 1000000 2>/dev/null | awk '$5 == "approved" || $4 == "approved" { print $1 }' >"$work/in-log"
	for record in $approved; do
		approvals=$((approvals + 1))
		grep -qx "$record" "$work/in-log" || lost="$lost $number:$record"
	done
	rm -r "${work:?}/cuts/$number"
done <"$work/cuts.list"
is "the power went at $cuts moments: the chain verifies each time" "" "$broken"
is "and no approval that had left is lost" "" "$(printf %s "$lost" | cut -c 1-200)"
if [ "$approvals" -gt 0 ]; then pass "of which there were some"; else fail "of which there were some"; fi
echo "# $(cat "$work/cuts.log"); $approvals approvals looked for"

# --- the database locked by another ---
start || fail "it starts"
load_begin locked 9 2
load_go
sleep 1
# shellcheck disable=SC2016 # perl's, not the shell's
perl -e 'use Fcntl; open my $f, "+<", $ARGV[0] or die $!; my $l = pack "s s x4 q q l x4", F_WRLCK, 0, 120, 1, 0;
	fcntl($f, F_SETLKW, $l) or die $!; sleep 7' "$work/state/bootgate.db-shm"
before=$(grep -c approved "$work/locked" || true)
wait "$load_pid" || true
like "a database that another keeps for seconds: try again, is the answer" '^refused failed 503' "$(grep -v approved "$work/locked")"
is "and all are served in the end" 0 "$(of locked failed)"
is "with a record each" "" "$(recorded locked)"
echo "# $before approvals before the lock went"
stop

# --- the disk full ---
if [ "$(id -u)" = 0 ] && mkdir "$work/small" && mount -t tmpfs -o size=20m,mode=755 none "$work/small"; then
	cp -a "$work/state" "$work/small/state"
	sed -i "s|^state = .*|state = \"$work/small/state\"|" "$work/conf"
	start || { fail "it starts on a small disk"; finish; }
	load_begin full 6 2
	cat /dev/zero >"$work/small/fill" 2>/dev/null || true
	load_go
	sleep 3
	rm "$work/small/fill"
	mount -o remount,size=60m "$work/small"
	wait "$load_pid" || true
	like "a full disk: try again, is the answer" '^refused failed 503' "$(grep -v approved "$work/full")"
	is "and all are served as soon as there is room" 0 "$(of full failed)"
	is "with a record each" "" "$(recorded full)"
	is "the chain verifies" "records, each follows" "$(verifies)"
	stop
	sed -i "s|^state = .*|state = \"$work/state\"|" "$work/conf"
	umount "$work/small"
else
	pass "a full disk # SKIP needs root"
fi

# --- a database that is read-only, or no database ---
starts_not() {
	status=0
	$user timeout 10 "$work/bin/bootgated" -c "$work/conf" >"$work/said" 2>&1 </dev/null || status=$?
	is "$1: it does not start" 1 "$status"
	like "and says why" "$2" "$(cat "$work/said")"
}
if [ "$(id -u)" != 0 ] || [ -n "$user" ]; then
	chmod 400 "$work/state/bootgate.db"
	starts_not "a database that is read-only" 'bootgate.db: '
	chmod 600 "$work/state/bootgate.db"
fi
cp "$work/state/bootgate.db" "$work/kept.db"
head -c 4096 /dev/urandom >"$work/noise"
cat "$work/noise" >"$work/state/bootgate.db"
starts_not "a database that is none" 'bootgate.db: '
cat "$work/kept.db" >"$work/state/bootgate.db"
start || fail "it starts"
is "with it again, it serves" ok "$(health)"
echo "# count: $((rounds + cuts)) faults injected"
finish
