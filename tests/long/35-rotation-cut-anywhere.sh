#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S29): the power goes at each TPM command, and at each write to a disk, of the two boots of a rotation: what follows opens both
# volumes each time, and the rotation comes to its end.
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

rotating_world
rotating_boot 0 none 0
ok "without an order both volumes open" opens_well

for b in 1 2 again; do
	to_boot $b
	rotating_boot 0 none 0
	cp tap.log "commands.$b"
	ok "the commands of boot $b are known, and it ends" gets_there 3
done
for b in 1 2 again; do
	i=0
	while [ $i -lt "$(wc -l <"commands.$b")" ]; do
		i=$((i + 1))
		cut_command $b $i
	done
done
# A second seal, or an older one gone, for each volume; before that the ticket of a new delegation.
for b in 1 2 again; do
	for import in 1 2 3 4; do
		to_boot $b
		rm -f imports was-cut
		echo "$import 0" >cut.at
		rotating_boot 0 none 0
		rm -f cut.at
		ok "boot $b, cut before the import $import, if there is one: it ends" gets_there 4
		[ -s was-cut ] || continue
		for write in 1 2 3 4 5 6; do
			cut_write $b $import $write
		done
	done
done
rotation_ended
