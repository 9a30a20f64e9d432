#!/bin/sh
# SPDX-License-Identifier: ISC
# Every shell script, under shellcheck.  Prints TAP.
set -eu
cd "$(dirname "$0")/../.."
n=0 bad=0
for file in $(git ls-files 2>/dev/null || find . -path ./build -prune -o -type f -print); do
	[ -f "$file" ] || continue
	head -c 20 "$file" | head -n 1 | tr -d '\0' | grep -q '^#!/bin/.*sh' || case $file in *.sh) ;; *) continue ;; esac
	n=$((n + 1))
	if out=$(shellcheck -x -P SCRIPTDIR "$file" 2>&1); then
		echo "ok $n - $file"
	else
		echo "not ok $n - $file"
		echo "$out" | sed 's/^/# /' | head -n 30
		bad=1
	fi
done
echo "1..$n"
exit $bad
