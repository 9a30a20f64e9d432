#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# power.pl LOG BASE OUT COUNT SEED: COUNT folders OUT/1.. as the state directory BASE may look after the power went at a random moment of LOG, which
# tests/verifier/power.c wrote: what was synced is there, of the rest any part, in sectors.  For each it prints its number and the records of
# the approvals that had left by then.
use strict;
use warnings;

my ($log, $base, $out, $count, $seed) = @ARGV;
srand $seed;
open my $in, '<:raw', $log or die "$log: $!\n";
my $all = do { local $/; <$in> };
my @op;
for (my $at = 0; $at < length $all;) {
	my $n = unpack 'N', substr $all, $at, 4;
	my $path = substr $all, $at + 4, $n;
	my ($what, $offset, $size) = unpack 'a Q> N', substr $all, $at + 4 + $n, 13;
	push @op, [$path =~ s{.*/}{}r, $what, $offset, substr $all, $at + 17 + $n, $size];
	$at += 17 + $n + $size;
}

# On the text itself, which is undefined where there is no file.
sub apply {
	my ($text, $op) = @_;
	my (undef, $what, $offset, $bytes) = @$op;
	if ($what eq 'U') { undef $$text; return }
	$$text //= '';
	if ($what eq 'T') {
		if ($offset <= length $$text) { substr($$text, $offset) = '' } else { $$text .= "\0" x ($offset - length $$text) }
	} elsif ($what eq 'W') {
		$$text .= "\0" x ($offset - length $$text) if length $$text < $offset;
		substr($$text, $offset, length $bytes) = $bytes;
	}
}

# A write that was not synced may have come to the disk in part.
sub torn {
	my ($op) = @_;
	return $op if $op->[1] ne 'W';
	my @piece;
	for (my $i = 0; $i < length $op->[3]; $i += 512) {
		push @piece, [$op->[0], 'W', $op->[2] + $i, substr $op->[3], $i, 512] if rand() < 0.7;
	}
	return @piece;
}

sub slurp { my ($f) = @_; open my $i, '<:raw', $f or return undef; local $/; return <$i> // '' }

my @cut = sort { $a <=> $b } map { int rand(@op + 1) } 1 .. $count;
my (%disk, %pending, @approved);
my $i = 0;
for my $number (1 .. $count) {
	for (; $i < $cut[$number - 1]; $i++) {
		my $op = $op[$i];
		my ($file, $what) = @$op;
		if ($what eq 'A') { push @approved, $op->[2]; next }
		next if $file =~ /-shm$/;
		$disk{$file} = slurp("$base/$file") if !exists $disk{$file};
		if ($what eq 'S') {
			apply(\$disk{$file}, $_) for @{ delete $pending{$file} // [] };
		} else {
			push @{ $pending{$file} }, $op;
		}
	}
	my %now = %disk;
	for my $file (keys %pending) {
		apply(\$now{$file}, $_) for map { rand() < 0.6 ? torn($_) : () } @{ $pending{$file} };
	}
	system('cp', '-a', $base, "$out/$number") == 0 or die "cp: $!\n";
	for my $file (keys %now) {
		if (!defined $now{$file}) { unlink "$out/$number/$file"; next }
		open my $o, '>:raw', "$out/$number/$file" or die "$file: $!\n";
		print $o $now{$file};
		close $o;
		chmod 0600, "$out/$number/$file";
	}
	print "$number @approved\n";
}
print STDERR scalar(@op), " operations\n";
