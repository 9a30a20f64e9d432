#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# In the place of cryptsetup: WORK/cryptsetup, with a power cut in the middle of a token's import.  WORK/cut.at holds "IMPORT WRITE": at that
# import, counted in WORK/imports, the device is left as after that one of its six writes, and who asked for it is killed.
#
#   0 nothing yet   1 first header, no checksum yet   2 and its JSON   3 and its checksum   4, 5, 6 the same of the second copy
use strict;
use warnings;

my $work = '@WORK@';
my @command = ("$work/cryptsetup", @ARGV);
my $device = $ARGV[-1];
my $import = (grep { $_ eq 'token' } @ARGV) && (grep { $_ eq 'import' } @ARGV);
exec @command if !$import || !-e "$work/cut.at";

my ($at, $write) = split ' ', slurp("$work/cut.at");
my $count = -e "$work/imports" ? slurp("$work/imports") + 1 : 1;
put("$work/imports", 0, $count);
exec @command if $count != $at;

my ($size, $copy) = (4096, 16384);
my $before = slurp($device, 2 * $copy);
system(@command) == 0 or exit 1;
my $after = slurp($device, 2 * $copy);
my $state = $before;
for my $i (0 .. $write - 1) {
	my $from = $i < 3 ? 0 : $copy;
	my $part = $i % 3;
	if ($part == 1) {
		substr($state, $from + $size, $copy - $size) = substr $after, $from + $size, $copy - $size;
	} else {
		my $header = substr $after, $from, $size;
		substr($header, 448, 64) = "\0" x 64 if $part == 0;
		substr($state, $from, $size) = $header;
	}
}
put($device, 0, $state);
put("$work/was-cut", 0, "$count $write");
kill KILL => getppid;
exit 1;

sub slurp {
	my ($path, $n) = @_;
	open my $in, '<:raw', $path or die "$path: $!\n";
	read $in, my $data, $n // 1 << 16;
	return $data;
}

sub put {
	my ($path, $offset, $data) = @_;
	open my $out, -e $path ? '+<:raw' : '>:raw', $path or die "$path: $!\n";
	seek $out, $offset, 0;
	print $out $data;
	close $out or die "$path: $!\n";
}
