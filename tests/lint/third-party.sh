#!/bin/sh
# SPDX-License-Identifier: ISC
# A source archive whose hash is wrong stops the build, wherever it came from.  Prints TAP.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0 bad=0
report() { # report NAME STATUS
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; bad=1; fi
}

mkdir "$work/tarballs"
echo 'an archive' >"$work/tarballs/a.tar.gz"
right=$(sha256sum "$work/tarballs/a.tar.gz" | cut -d ' ' -f 1)
wrong=$(echo 'another archive' | sha256sum | cut -d ' ' -f 1)

TARBALLS=$work/tarballs third_party/fetch a.tar.gz x/a.tar.gz "$right" "$work/to" >/dev/null 2>&1 && cmp -s "$work/to" "$work/tarballs/a.tar.gz"
report "an archive with the right hash is taken from TARBALLS" $?
rm -f "$work/to"

status=0
TARBALLS=$work/tarballs third_party/fetch a.tar.gz x/a.tar.gz "$wrong" "$work/to" >"$work/said" 2>&1 || status=$?
report "a wrong hash fails" "$([ $status != 0 ]; echo $?)"
report "the message names file and hash" "$(grep -q "a.tar.gz: its SHA-256 is not $wrong" "$work/said"; echo $?)"
report "nothing is left that a later build would use" "$([ ! -e "$work/to" ] && [ ! -e "$work/to.part" ]; echo $?)"

status=0
TARBALLS=$work/tarballs third_party/fetch b.tar.gz x/b.tar.gz "$right" "$work/to" >"$work/said" 2>&1 || status=$?
report "a missing archive fails, and is named" "$([ $status != 0 ] && grep -q 'b.tar.gz is missing' "$work/said"; echo $?)"

# What is built now came from archives with these hashes.
for name in TSS BEARSSL TINYCBOR; do
	file=$(sed -n "s/^${name}_TARBALL *:= //p" third_party/versions.mk | sed "s/\$(${name}_VERSION)/$(sed -n "s/^${name}_VERSION *:= //p" third_party/versions.mk)/")
	sum=$(sed -n "s/^${name}_SHA256 *:= //p" third_party/versions.mk)
	report "build/third_party/$file has the pinned hash" "$(echo "$sum  build/third_party/$file" | sha256sum -c --quiet - >/dev/null 2>&1; echo $?)"
done
echo "1..$n"
exit $bad
