#!/bin/sh
# SPDX-License-Identifier: ISC
# Honest clients are served while others take all the places there are: silent ones, and such that shook hands and say nothing more.  (S16)
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"

prepare 'max-clients = 40' 'max-clients-per-address = 20'
start || { fail "the daemon starts"; finish; }
pass "the daemon starts"

# served COUNT: how many of so many fresh connections get their answer.
served() { for _ in $(seq "$1"); do health || true; echo; done | grep -c ok || true; }

# shellcheck disable=SC2016 # perl's, not the shell's
perl -MSocket -e '
	$SIG{PIPE} = "IGNORE"; my @kept; my $end = time + 6;
	while (time < $end) {
		for my $i (2 .. 11) {
			socket(my $s, PF_INET, SOCK_STREAM, 0); bind($s, sockaddr_in(0, inet_aton("127.0.0.$i")));
			connect($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) and push @kept, $s;
		}
		splice @kept, 0, 300 if @kept > 600;
		select undef, undef, undef, 0.05;
	}' "$port" &
crowd=$!
sleep 1
is "two hundred silent connections a second from ten addresses: all of thirty honest ones are served" 30 "$(served 30)"
wait $crowd

for i in $(seq 2 5); do
	for _ in $(seq 12); do
		(sleep 8) | openssl s_client -quiet -tls1_2 -CAfile "$work/authority/tls-ca.pem" -bind "127.0.0.$i" -connect "127.0.0.1:$port" >/dev/null 2>&1 &
	done
done
sleep 4
is "forty-eight that shook hands and say nothing: all of twenty honest ones are served" 20 "$(served 20)"
sleep 6
is "nothing is left of them" ok "$(health)"

build/test/verifier/flood "$port" 16 40 10 body-cut >"$work/flood" &
crowd=$!
sleep 4
is "all places taken by requests that never end: all of twenty honest ones are served" 20 "$(served 20)"
wait $crowd
echo "# count: $(sed 's/opened \([0-9]*\).*/\1/' "$work/flood") hostile connections"
finish
