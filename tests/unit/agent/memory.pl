#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# memory.pl PID: all that the process can read, to standard output.
use strict;
use warnings;
no warnings 'portable';

my $pid = shift;
open my $maps, '<', "/proc/$pid/maps" or die "memory.pl: $!\n";
open my $mem, '<:raw', "/proc/$pid/mem" or die "memory.pl: $!\n";
while (<$maps>) {
	my ($from, $to) = /^([0-9a-f]+)-([0-9a-f]+) r/ or next;
	next if /\[vvar\]|\[vsyscall\]/;
	my ($at, $end) = (hex $from, hex $to);
	sysseek $mem, $at, 0;
	while ($at < $end) {
		my $got = sysread $mem, my $data, $end - $at > 1 << 20 ? 1 << 20 : $end - $at or last;
		print $data;
		$at += $got;
	}
}
