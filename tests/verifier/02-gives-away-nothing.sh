#!/bin/sh
# SPDX-License-Identifier: ISC
# What a taken-over process of the verifier could reach: each is asked for what it must not have.  (S17, S11)
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"

prepare ''
start || { fail "the daemon starts"; finish; }
pass "the daemon starts"

for role in front desk judge; do
	child=$(children $role | head -n 1)
	status=$(cat "/proc/$child/status")
	like "$role: system calls are filtered" 'Seccomp:[[:space:]]*2' "$status"
	like "$role: no new privileges" 'NoNewPrivs:[[:space:]]*1' "$status"
	like "$role: no core files" 'Max core file size *0 *0' "$(cat "/proc/$child/limits")"
	is "$role: no libcrypto" "" "$(grep libcrypto "/proc/$child/maps" || true)"
done

# holds ROLE FILE: whether the private key in the PEM file, or the bytes of a hex file, lie in memory of the process.
holds() {
	case $2 in
	*.master) secret=$(cat "$2") ;;
	*) secret=$(openssl ec -in "$2" -noout -text 2>/dev/null | sed -n '/^priv:/,/^pub:/p' | grep '^ ' | tr -d ' :\n' | tail -c 64) ;;
	esac
	# shellcheck disable=SC2016 # perl's, not the shell's
	perl -e '
		my ($pid, $hex) = @ARGV; my $secret = pack "H*", $hex; my $found = 0;
		open my $maps, "<", "/proc/$pid/maps" or die "maps: $!"; open my $mem, "<:raw", "/proc/$pid/mem" or die "mem: $!";
		while (<$maps>) {
			my ($a, $b, $mode) = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/ or next; next unless $mode =~ /^r/ && !/vvar|vsyscall/;
			sysseek $mem, hex $a, 0 or next; sysread $mem, my $bytes, hex($b) - hex $a or next;
			$found = 1 if index($bytes, $secret) >= 0;
		}
		print $found ? "yes\n" : "no\n"' "$(children "$1" | tail -n 1)" "$secret"
}
if [ "$(id -u)" = 0 ]; then
	for key in approval.pem statement.pem share.master tls.key; do
		for role in front desk judge; do
			case $role-$key in front-tls.key | judge-approval.pem | judge-statement.pem | judge-share.master) wanted=yes ;; *) wanted=no ;; esac
			is "$role holds $key: $wanted" $wanted "$(holds $role "$work/state/$key")"
		done
	done
else
	pass "memory is looked at # SKIP needs root"
fi

# open_files ROLE PATTERN
open_files() { for child in $(children "$1"); do readlink "/proc/$child/fd/"* 2>/dev/null; done | grep -E "$2" || true; }
is "front has no file open" "" "$(open_files front "^$work/state")"
is "desk has no file open" "" "$(open_files desk "^$work/state")"
like "judge has the database open" 'bootgate.db' "$(open_files judge "^$work/state")"
is "desk has no network socket" "" "$(for child in $(children desk); do for fd in "/proc/$child/fd/"*; do
	inode=$(readlink "$fd" | sed -n 's/^socket:\[\([0-9]*\)\]$/\1/p')
	[ -z "$inode" ] || grep -w "$inode" /proc/net/tcp /proc/net/tcp6 2>/dev/null
done; done)"
for file in approval.pem statement.pem share.master tls.key bootgate.db; do
	is "$file is its owner's alone" 600 "$(stat -c %a "$work/state/$file")"
done
is "the state directory is its owner's alone, or was made by the operator" 0 "$(find "$work/state" -maxdepth 1 -type f -perm /077 ! -name '*.pub' ! -name 'tls.crt' ! -name 'delegation-*' | wc -l)"
is "no secret is logged" 0 "$(grep -c -F -f "$work/state/share.master" "$work/log")"
finish
