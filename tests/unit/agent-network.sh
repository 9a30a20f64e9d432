#!/bin/sh
# SPDX-License-Identifier: ISC
# The agent's own network: real DHCP, router advertisements and DNS at the other end of virtual cables.  What is tried is whether the verifier
# answers, what is said meanwhile, and that nothing is left behind.  Prints TAP.
# shellcheck disable=SC2317,SC2094
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
# shellcheck source=tests/unit/agent/world.sh
. "$top/tests/unit/agent/world.sh"

# What the host has in /etc stays as it is.
mkdir etc
cp -a /etc/. etc 2>/dev/null || :
mount --bind etc /etc
rm -f /etc/resolv.conf

# The other end: a network of its own, with the verifier in it.
unshare -n sleep 1000 &
peer=$!
there() { nsenter -n -t "$peer" "$@"; }
wait_for 5 sh -c "[ \"\$(readlink /proc/self/ns/net)\" != \"\$(readlink /proc/$peer/ns/net)\" ]"
there ip link set lo up

# cable NAME: a link here, its other end there. Both are down.
cable() {
	ip link add "$1" type veth peer name "$1p"
	ip link set "$1p" netns "$peer"
}
plug() { there ip link set "$1p" up; }
unplug() { there ip link set "$1p" down; }

# dnsmasq ARGUMENTS...: a server at the other end; end_dnsmasq.
dnsmasq_pid=
dnsmasq() {
	nsenter -n -t "$peer" dnsmasq -k -C /dev/null --pid-file= --no-resolv --no-hosts --user=root --dhcp-leasefile="$work/leases" --log-facility="$work/dnsmasq.log" \
		--address=/verifier.test/192.0.2.1 "$@" &
	dnsmasq_pid=$!
}
end_dnsmasq() {
	[ -z "$dnsmasq_pid" ] || { kill "$dnsmasq_pid" && wait "$dnsmasq_pid"; } 2>/dev/null || :
	dnsmasq_pid=
	rm -f leases
}

start_tpm sha256
printf '%s\n' "state = \"$work/state\"" "listen = { \"0.0.0.0:$PORT\", \"[::]:$PORT\" }" 'name = "test"' "ek-ca = { \"$work/ca\" }" \
	'default-policy = "uki"' 'judges = 1' 'log = info' >bootgated.conf
ctl authority init authority --verifier state --name verifier.test >/dev/null
there "$top/build/bootgated" -c bootgated.conf >bootgated.log 2>&1 &
echo '127.0.0.1 verifier.test' >/etc/hosts
wait_for 10 there curl -sk -o null "https://127.0.0.1:$PORT/healthz"
ctl policy apply "$top/policy/uki.conf" >/dev/null

# configured NETWORK LINE...
configured() {
	NETWORK=$1
	shift
	configure "$PORT" "$@"
	sed -i "s/^verifier = .*/verifier = https:\/\/verifier.test:$PORT/" bootgate.conf
}
configured system
ctl enroll token >token 2>/dev/null
there "$AGENT" -c bootgate.conf enroll --token-file token >said 2>&1
make_volume
there "$AGENT" -c bootgate.conf luks-enroll --passphrase-file passphrase "$loop" >>said 2>&1
ok "a machine and a volume are enrolled" says 'enrolled'
: >/etc/hosts
volume="volume = one $(cryptsetup luksUUID "$loop")"

# A boot that the verifier denies, since its policy knows no value: the door stays open, and the next boot asks again.
boot() {
	rm -rf /run/bootgate
	: >said
	"$AGENT" -c bootgate.conf boot >said 2>&1 </dev/null &
	boot_pid=$!
}
end() {
	kill "$boot_pid"
	wait "$boot_pid" || :
}
verifier_answers() { wait_for "${1:-20}" says 'DENIED under policy'; }
is_clean() {
	# No address but loopback's, no link of ours up, no route, no resolver.
	[ -z "$(ip -o address show up scope global)" ] && ! ip -o link show up | grep -qv ': lo:' && [ ! -e /etc/resolv.conf ]
}

# --- no link at all

configured own "$volume"
boot
ok "without any Ethernet link that is said within 3 seconds" wait_for 3 says 'network: there is no Ethernet link'
end

# --- DHCP; of two links one is dead

cable eth0
cable eth1
plug eth0
there ip link set eth1p up
there ip address add 192.0.2.1/24 dev eth1p
dnsmasq --interface=eth1p --bind-interfaces --dhcp-range=192.0.2.100,192.0.2.150,2m
boot
ok "over DHCP and DNS on the second of two links the verifier answers" verifier_answers
ok "with the name server that DHCP gave" grep -q 'nameserver 192.0.2.1' /etc/resolv.conf
end
ok "afterwards links, addresses and resolv.conf are as they were" is_clean
echo 'nameserver 203.0.113.9' >/etc/resolv.conf
boot
ok "where there was a resolv.conf, it answers as well" verifier_answers
end
ok "and the file is as it was" sh -c "[ \"\$(cat /etc/resolv.conf)\" = 'nameserver 203.0.113.9' ]"
rm -f /etc/resolv.conf

# --- a late cable

unplug eth0
unplug eth1
boot
ok "without a cable that is said within 3 seconds" wait_for 3 says 'network: eth0: no cable; eth1: no cable'
plug eth1
ok "with the cable the verifier answers at once" verifier_answers 10
end
end_dnsmasq

# --- a server that names the verifier

dnsmasq --interface=eth1p --bind-interfaces --dhcp-range=192.0.2.100,192.0.2.150,2m \
	--dhcp-option=vendor:bootgate,1,"https://verifier.test:$PORT"
sed -i "s/^verifier = .*/verifier = https:\/\/192.0.2.1:18449/" bootgate.conf
boot
ok "a verifier that the DHCP server names is asked too" verifier_answers 20
end
end_dnsmasq

# --- a static address

configured own "$volume" 'address = eth1 192.0.2.77/24 192.0.2.1' 'nameserver = 192.0.2.1'
dnsmasq --interface=eth1p --bind-interfaces
boot
ok "with a static address and name server it answers" verifier_answers
ok "and the address is that one" sh -c "ip -o -4 address show dev eth1 | grep -q 192.0.2.77/24"
end
ok "afterwards all is as it was" is_clean
end_dnsmasq

# --- IPv6 alone

configured own "$volume"
there ip -4 address flush dev eth1p
there ip address add 2001:db8:7::1/64 dev eth1p nodad
nsenter -n -t "$peer" dnsmasq -k -C /dev/null --pid-file= --no-resolv --no-hosts --user=root --log-facility="$work/dnsmasq6.log" --interface=eth1p --bind-interfaces \
	--enable-ra --dhcp-range=2001:db8:7::,ra-only,64 --dhcp-option='option6:dns-server,[2001:db8:7::1]' --address=/verifier.test/2001:db8:7::1 &
dnsmasq_pid=$!
boot
ok "by router advertisement alone, its name server among it, the verifier answers" verifier_answers 30
ok "over IPv6" grep -q 'nameserver 2001:db8:7::1' /etc/resolv.conf
end
ok "afterwards all is as it was" is_clean
end_dnsmasq

# --- what is somebody else's

ip link set eth1 up
ip address add 192.0.2.50/24 dev eth1
there ip address add 192.0.2.1/24 dev eth1p
configured auto "$volume"
echo '192.0.2.1 verifier.test' >/etc/hosts
boot
ok "where there is an address, it is used" verifier_answers
ok "and no other link is raised" sh -c '! ip -o link show up | grep -q eth0'
end
ok "the link stays as it was" sh -c 'ip -o -4 address show dev eth1 | grep -q 192.0.2.50/24'
configured own "$volume"
boot
ok "own: an address that is there is used too" verifier_answers
ok "other links are raised" sh -c 'ip -o link show up | grep -q eth0'
end
ok "the link that was up stays as it was" sh -c 'ip -o -4 address show dev eth1 up | grep -q 192.0.2.50/24'
ok "the other one is down again" sh -c '! ip -o link show up | grep -q eth0'

echo "# count: 9 ways to a verifier"
echo "1..$n"
exit "$bad"
