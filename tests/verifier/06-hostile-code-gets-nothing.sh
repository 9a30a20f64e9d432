#!/bin/sh
# SPDX-License-Identifier: ISC
# An attacker's own code in front, in desk and in judge, by a test object linked in place of one of their modules: whatever it tries beyond
# what its process is for is refused, or ends the process.  (S17)
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"

prepare 'max-clients = 64' 'judges = 1'
tried=0 killed=0

# attempt ROLE COMMAND: runs it in that process; what it said, nothing when the process was killed.
attempt() {
	case $1 in
	front)
		# shellcheck disable=SC2016 # perl's, not the shell's
		printf '%s\n' "$2" | timeout 20 perl -MIO::Socket::INET -e '
			my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or exit; print $s <STDIN>; $s->flush; local $/; my $a = <$s>;
			print $a // ""' "$port" ;;
	desk) printf '%s\n' "$2" | raw ;;
	judge) ask /v1/enroll/begin --data-binary "$2" ;;
	esac | tr -c ' -~\n' '\n' | grep -Eo '(got|refused): .*' || true
}

# run ROLE: the daemon with hostile code in that process.
run() {
	stop
	cp "build/test/bootgated-hostile-$1" "$work/bin/bootgated"
	# shellcheck disable=SC2086 # words, or nothing
	$user "$work/bin/bootgated" -c "$work/conf" 2>>"$work/log" </dev/null &
	pid=$!
	for _ in $(seq 50); do
		[ "$(attempt "$1" hello)" != 'refused: hello' ] || return 0
		sleep 0.1
	done
	sed 's/^/# /' "$work/log" | tail -n 20
	fail "the daemon with hostile code in its $1 serves"
	finish
}

# fails ROLE NAME COMMAND
fails() {
	tried=$((tried + 1))
	kill -0 "$pid" 2>/dev/null || run "$1"
	: >"$work/log"
	said=$(attempt "$1" "$3")
	case $said in
	refused*) pass "$1: $2: $said" ;;
	'')
		# Nothing came: then it must have been the kernel, for a call that is not allowed.
		for _ in $(seq 20); do
			grep -q "^bootgated: error: $1 was killed by signal 31" "$work/log" && break
			sleep 0.1
		done
		if grep -q "^bootgated: error: $1 was killed by signal 31" "$work/log"; then
			pass "$1: $2: the process was killed for it"
		else
			fail "$1: $2" "no answer, and not killed for the call: $(cat "$work/log")"
		fi
		# Five crashes a minute, and the daemon gives up: every fourth attempt that kills meets a fresh one.
		killed=$((killed + 1))
		if [ $((killed % 4)) = 0 ]; then run "$1"; else sleep 0.2; fi
		;;
	*) fail "$1: $2" "$said" ;;
	esac
}

# A socket of another process of this user, which takes datagrams: as a system log does.
# shellcheck disable=SC2016 # perl's, not the shell's
perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_DGRAM, 0); bind($s, sockaddr_un($ARGV[0])) or die; chmod 0666, $ARGV[0]; sleep 600' "$work/datagrams" &
listener=$!
trap 'stop; kill $listener 2>/dev/null; rm -rf "$work"' EXIT
echo nothing >"$work/open-to-all"
chmod 666 "$work/open-to-all"

for role in front desk judge; do
	run $role
	judge=$(children judge | head -n 1)
	supervisor=$pid

	# --- files ---
	if [ $role != judge ]; then
		for file in approval.pem statement.pem share.master tls.key bootgate.db bootgate.db-wal delegation-1 verifier.pub; do
			fails $role "reads $file" "read $work/state/$file"
		done
		fails $role "lists the state directory" "list $work/state"
		fails $role "writes the database" "write $work/state/bootgate.db"
		fails $role "deletes the database" "delete $work/state/bootgate.db"
	fi
	fails $role "reads the configuration" "read $work/conf"
	fails $role "reads a file that all may read" "read $work/open-to-all"
	fails $role "writes a file that all may write" "write $work/open-to-all"
	fails $role "makes a file" "write /tmp/bootgate-hostile"
	fails $role "reads what is in another's memory" "read /proc/$judge/mem"
	fails $role "reads the environment of another" "read /proc/$supervisor/environ"
	fails $role "finds another's descriptors" "list /proc/$judge/fd"
	fails $role "lists the root" "list /"
	fails $role "links a key to another place" "link $work/state/approval.pem $work/state/again"

	# --- processes ---
	other=$judge
	[ $role != judge ] || other=$(children desk)
	fails $role "traces another process" "trace $other"
	fails $role "reads another's memory" "read-memory $other"
	fails $role "writes another's memory" "write-memory $other"
	fails $role "takes a descriptor of another" "take-descriptor $other"
	fails $role "signals another" "kill $supervisor"
	fails $role "signals a thread of another" "kill-thread $supervisor"
	fails $role "has the kernel signal another" "signal-by-descriptor $supervisor"
	fails $role "looks at another's limits" "limits $supervisor"
	fails $role "executes another program" execute
	fails $role "makes another process" clone

	# --- the network ---
	for kind in tcp udp unix netlink; do
		fails $role "opens a socket: $kind" "socket $kind"
	done
	fails $role "sends a datagram to another process" "datagram $work/datagrams"
	fails $role "connects outward" connect

	# --- the kernel ---
	# All the others: tests/unit/test_confine.c.
	for call in setuid mount unshare bpf io_uring_setup mprotect prctl bind; do
		fails $role "calls $call" "call $call"
	done
	fails $role "types at the operator's terminal" type

	# --- what it was given ---
	run $role
	descriptors=$(attempt $role descriptors)
	case $role in
	front) wanted='^refused: 0d 1d 2f 3s 4s( [0-9]+[eps])*$' ;;
	desk) wanted='^refused: 0d 1d 2f 3s 4s 5s( [0-9]+[eps])*$' ;;
	judge) wanted='^refused: 0d 1d 2f 3s 4s( [0-9]+f)*$' ;;
	esac
	like "$role: it was given nothing but its log, its channels and its sockets" "$wanted" "$descriptors"
	fails $role "reads what the daemon was started with as input" "descriptor 0"
	fails $role "reads back the log" "descriptor 2"
done

# --- the judge, asked by a desk that is not ours ---
run desk
fails desk "has the judge sign something by frames of its own making" "judge 2000 $(date +%s)"
echo "# count: $tried attempts of hostile code in the verifier's processes, and 2000 forged frames"
finish
