#!/bin/sh
# shellcheck disable=SC2086
# Makes the *.hdr files beside it, anew, with the installed cryptsetup: the metadata of LUKS2 devices that never held data.
# Salts and digests differ every time, so plain.aad, which another CBOR encoder made, must then be made anew as well.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fast='--pbkdf pbkdf2 --pbkdf-force-iterations 1000'
printf first >"$work/first"
printf second >"$work/second"

# A passphrase in slot 0, ours in slot 1; somebody else's token with escapes, and ours.
truncate -s 20M "$work/plain"
cryptsetup luksFormat -q --type luks2 $fast --uuid 6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10 --label plain \
	--key-file "$work/first" "$work/plain"
cryptsetup luksAddKey -q $fast --key-slot 1 --key-file "$work/first" "$work/plain" "$work/second"
printf '%s' '{"type":"other","keyslots":["0"],"note":"a \"quoted\" word, \u00fc","list":[1,-2.5e3,true,null]}' |
	cryptsetup token import --json-file - --token-id 0 "$work/plain"
cryptsetup token import --json-file token.json --token-id 1 "$work/plain"
head -c 32768 "$work/plain" >plain.hdr

# Larger metadata, argon2id in slot 0, pbkdf2 in slot 3, small sectors, another mode.
truncate -s 20M "$work/large"
cryptsetup luksFormat -q --type luks2 --pbkdf argon2id --pbkdf-memory 32 --pbkdf-parallel 1 --pbkdf-force-iterations 4 \
	--luks2-metadata-size 32k --luks2-keyslots-size 1m --offset 8192 --sector-size 512 --cipher aes-cbc-essiv:sha256 --hash sha512 \
	--uuid 0b9d8c7e-6f5a-4b3c-8d2e-1f0a9b8c7d6e --key-file "$work/first" "$work/large"
cryptsetup luksAddKey -q $fast --key-slot 3 --key-file "$work/first" "$work/large" "$work/second"
head -c 65536 "$work/large" >large.hdr

# The first step of a re-encryption.
cp "$work/plain" "$work/reencrypt"
cryptsetup reencrypt -q --init-only $fast --key-slot 0 --key-file "$work/first" "$work/reencrypt"
head -c 32768 "$work/reencrypt" >reencrypt.hdr
