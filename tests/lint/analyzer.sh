#!/bin/sh
# SPDX-License-Identifier: ISC
# gcc -fanalyzer over every source of ours, cached by content.  Prints TAP.  Arguments: the compiler's flags.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p build/analyzer
# shellcheck disable=SC2016 # expanded by the inner shell
find src -name '*.c' | sort | xargs -P "$(nproc)" -I{} sh -c '
	source=$1; shift
	mark=build/analyzer/$(printf %s "$source" | tr / _)
	sum=$(gcc -E "$@" "-DBOOTGATE_VERSION=\"0\"" "$source" 2>/dev/null | sha256sum)
	[ -f "$mark" ] && [ "$(head -n 1 "$mark")" = "$sum" ] && exit 0
	if gcc -O2 -fanalyzer -Werror "$@" "-DBOOTGATE_VERSION=\"0\"" -c -o /dev/null "$source" 2>"$mark.log"; then
		printf "%s\n" "$sum" >"$mark"; rm -f "$mark.log"
	else
		rm -f "$mark"
	fi' sh {} "$@"
n=0 bad=0
for source in $(find src -name '*.c' | sort); do
	n=$((n + 1))
	mark=build/analyzer/$(printf %s "$source" | tr / _)
	if [ -f "$mark" ]; then
		echo "ok $n - $source is clean under -fanalyzer"
	else
		echo "not ok $n - $source is clean under -fanalyzer"
		sed 's/^/# /' "$mark.log" | head -n 40
		bad=1
	fi
done
echo "1..$n"
exit $bad
