#!/bin/sh
# SPDX-License-Identifier: ISC
# A verifier is stolen, with its keys, share master and database, and the machine's headers of that time (S18, S29): the procedure of
# bootgatectl(8), each step twice; and afterwards all that the thief has, with the machine itself in his hands, opens nothing.  Prints TAP.
# shellcheck disable=SC2154,SC2317,SC2094
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
if [ -z "${AGENT_SPACE:-}" ]; then
	if ! unshare -mnpf true 2>/dev/null; then
		echo "1..0 # SKIP no name spaces here"
		exit 0
	fi
	AGENT_SPACE=own exec unshare -mnpf --mount-proc --kill-child "$0" "$@"
fi
# shellcheck source=tests/unit/agent/rotate.sh
. "$top/tests/unit/agent/rotate.sh"
THIEF=18445

# serve STATE PORT CONFIGURATION: a verifier; the one that asks is at its end.
serve() {
	sed "s|^state = .*|state = \"$work/$1\"|; s|:$PORT\"|:$2\"|" bootgated.conf >"$3.new"
	mv "$3.new" "$3"
	"$top/build/bootgated" -c "$3" >"$1.log" 2>&1 &
	verifier_pid=$!
}
serves() { wait_for 10 curl -sk -o null "https://127.0.0.1:$1/healthz"; }
# done_twice NAME PATTERN ARGUMENTS...: bootgatectl ends well, says that, and the same when it is run again.
done_twice() {
	twice_name=$1 twice_pattern=$2
	shift 2
	status=0
	ctl "$@" >said 2>&1 || status=$?
	cp said first-said
	ok "$twice_name" ends 0
	ok "it says so" says "$twice_pattern"
	ctl "$@" >said 2>&1 || status=$?
	ok "once more does the same" sh -c "[ $status = 0 ] && cmp -s said first-said"
}

# asks PORT: the boots to come ask that verifier, for a few seconds.
asks() {
	TPM=swtpm:path=$work/tap configure "$1" "volume = one $(cryptsetup luksUUID "$loop")" "volume = two $(cryptsetup luksUUID "$second")" \
		"give-up = ${2:-8}"
}
stays_shut() { ! ends 0 && ! says 'opened as' && tpm_is_tidy; }

rotating_world
rotating_boot 0 none 0
ok "both volumes open, before anything happens" opens_well

# --- the theft

stop_verifier
cp -a state stolen
mkdir backup
# What was written last may stand in the write-ahead log alone.
cp state/bootgate.db state/bootgate.db-wal state/share.master backup/ 2>/dev/null || cp state/bootgate.db state/share.master backup/
keep stolen
lost=$(ctl authority show state | awk '$1 == "approval" { print substr($4, 1, 16); exit }')

# --- the procedure

done_twice "the authority revokes the verifier" "epoch 2, delegated to:" authority revoke authority "$lost"
ok "nobody is left to delegate to, which is said with what to do" says 'none is left: start a new verifier'
ok "the machine counts as open" says "^  $id  epoch 1, not told to rotate"

rm -r state
mkdir -m 700 state
cp backup/* state/
serve state "$PORT" bootgated.conf
wait_for 10 test -s state/verifier.pub
done_twice "a new verifier is delegated to, for the new epoch" "delegated, epoch 2" authority delegate authority state --name 127.0.0.1
done_twice "and for the old one" "delegated, epoch 1" authority delegate authority state --epoch 1
serves "$PORT"
kill -HUP "$verifier_pid"
sleep 1
rotating_boot 0 none 0
ok "the machine boots by the new verifier, on the old epoch" opens_well
done_twice "the machines are told to rotate" "^  $id  epoch 1, waits for its next boot" machine rotate --all
epoch=2
ok "three boots, and it is there" gets_there 3
ok "in which both opened" both_opened
done_twice "no machine is behind" "all 1 machines are on epoch 2" machine rotate --all
done_twice "the authority sees it as well" "all 1 machines are on epoch 2" authority revoke authority "$lost"
ok "the audit log says it" sh -c "'$top/build/bootgatectl' -c bootgated.conf audit list | grep -q ' rotated '"
keep newest
new_pid=$verifier_pid

# --- the thief has the machine, too

serve stolen "$THIEF" thief.conf
serves "$THIEF"
asks "$THIEF"
rotating_boot 0 none 0
ok "the stolen verifier, asked by the machine as it is: shut" stays_shut
put_back stolen
rotating_boot 0 none 0
ok "with the headers of that time: shut" stays_shut
ok "though the stolen verifier approves" grep -q 'approved, boot' stolen.log
ok "since the TPM has no such secret any more" says 'TPM: NV_Read: .*no such handle'
stop_verifier
cp state/bootgate.db* state/share.master stolen/
put_back newest
serve stolen "$THIEF" thief.conf
serves "$THIEF"
rotating_boot 0 none 0
ok "its keys with today's database and master: shut" stays_shut
ok "it may not speak for that epoch" says 'no delegation'
sed 's/^epoch 1/epoch 2/' stolen/delegation-1 >stolen/delegation-2
cp stolen/delegation-2 stolen/delegation-1
stop_verifier
serve stolen "$THIEF" thief.conf
serves "$THIEF"
rotating_boot 0 none 0
ok "its delegation, called one of the new epoch: shut" stays_shut
stop_verifier
verifier_pid=$new_pid

# --- and the honest one

put_back stolen
asks "$PORT"
rotating_boot 0 none 0
ok "old headers at the new verifier: shut" stays_shut
ok "it says what to do" says 'epoch 1, which this machine left for epoch 2: .*bootgate luks-enroll'
put_back newest
asks "$PORT" 60
rotating_boot 0 none 0
ok "with the newest headers it boots" opens_well

# --- a thief to be, who changes the disks while the machine is off, so that the old secret stays (S29)

# forget DEVICE: its token names the new seal and index alone, and some other index beside it.
forget() {
	number=$(cryptsetup luksDump "$1" | awk '$2 == "bootgate" { sub(":", "", $1); print $1 }')
	cryptsetup token export --token-id "$number" "$1" >token.json
	perl -MJSON::PP -0777 -ne 'my $t = decode_json($_); shift @{$t->{seals}}; $t->{handles}{nv} = [ $t->{handles}{nv}[1], 0x018b47f0 ];
		$t->{cache}{nv} = [ $t->{cache}{nv}[1], "" ]; print encode_json($t)' token.json >forgot.json
	cryptsetup token remove --token-id "$number" "$1"
	cryptsetup token import --token-id "$number" --json-file forgot.json "$1"
}
order 3
rotating_boot 0 none 0
forget "$loop"
forget "$second"
keep forgot
rotating_boot 0 none 0
ok "before both secrets were shown, the new one alone is not believed" stays_shut
ok "it says what to do" says 'put the LUKS header back that the last boot left'
put_back newest
rotating_boot 0 none 0
ok "with the header it boots, and begins the rotation anew" both_have "2 3"
mv "$second" away
rotating_boot 0 none 0
mv away "$second"
ok "a boot shows both, but a volume is missing" both_have "2 3"
forget "$loop"
forget "$second"
rotating_boot 0 none 0
ok "then the new one alone is believed, and both open" opens_well
ok "the old secret that the header kept quiet about is deleted all the same" says 'were still in the TPM, though the LUKS header did not name them'
ok "it is gone" test "$(indices)" = 1
ok "the machine is there" is_there

# --- what enrols from now on

ctl enroll token --machine "$id" >token 2>enroll.log
configure "$PORT"
agent enroll --token-file token
ok "who enrols now" ends 0
ok "is on the new epoch at once" at_verifier '^NV index .* epoch 3;'

rotation_ended
