#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# tap.pl LISTEN REAL LOG AT FAULT TIMES: between a program and a software TPM.  The ATth command, or the first one of that name, and the
# TIMES - 1 after it meet FAULT:
#   code:HEX   the TPM does not get it, HEX is the response code
#   drop       the TPM does not get it, the connection ends          lose      the TPM gets it, the connection ends before the answer
#   garbage    the answer is random bytes                            nonsense  random bytes behind its header
#   cut        half of the answer comes                              short     half of it, with a header that says so
#   flood      more comes than an answer may have, and the header says so
#   delay:S    the answer comes S seconds later                      hang      the TPM gets it, no answer comes
#   kill       the TPM gets it, and who sent it is killed before the answer; killall: its parent, too
# Every command's name goes to LOG, with the fault that it met; with TAP_ANSWERS=FILE the answers to that, as tests/fuzz/fuzz_tpm_replies.c reads them.
use strict;
use warnings;
use IO::Socket::UNIX;
use Socket qw(SOL_SOCKET SO_PEERCRED);

my ($listen, $real, $log, $at, $fault, $times) = @ARGV;
my %name = (0x122 => 'NV_UndefineSpace', 0x12a => 'NV_DefineSpace', 0x137 => 'NV_Write', 0x138 => 'NV_WriteLock', 0x13c => 'PCR_Event', 0x14e => 'NV_Read', 0x158 => 'Quote', 0x15e => 'Unseal', 0x160 => 'PolicySigned', 0x165 => 'FlushContext',
	0x167 => 'LoadExternal', 0x169 => 'NV_ReadPublic', 0x16a => 'PolicyAuthorize', 0x173 => 'ReadPublic', 0x176 => 'StartAuthSession',
	0x177 => 'VerifySignature', 0x17a => 'GetCapability', 0x17f => 'PolicyPCR', 0x180 => 'PolicyRestart');
my ($kind, $value) = split /:/, $fault;
srand($ENV{TAP_SEED} // 1);
my $server = IO::Socket::UNIX->new(Local => $listen, Listen => 4) or die "tap.pl: $!\n";
open my $out, '>', $log or die "tap.pl: $!\n";
$out->autoflush(1);
$| = 1;
print "ready\n";

sub message {
	my $from = shift;
	my $p = '';
	while (length $p < 10 || length $p < unpack 'x2N', $p) {
		my $want = length $p < 10 ? 10 - length $p : unpack('x2N', $p) - length $p;
		my $got = sysread $from, $p, $want, length $p;
		return undef if !$got;
	}
	return $p;
}

# A seed for the fuzzer: how, then length and body, or the error.
sub record {
	my ($answer) = @_;
	return if !$ENV{TAP_ANSWERS};
	open my $seed, '>>', $ENV{TAP_ANSWERS} or die "tap.pl: $!\n";
	binmode $seed;
	my $code = unpack 'x6N', $answer;
	print $seed $code ? pack('Cn', 1, $code & 0xffff) : pack('Cn/a*', 0, substr $answer, 10);
}

sub random_bytes { return join '', map { chr int rand 256 } 1 .. shift }

# The same header, of this length.
sub header {
	my ($answer, $n) = @_;
	return substr($answer, 0, 2) . pack('N', $n) . substr $answer, 6, 4;
}

sub kill_sender {
	my ($client, $parent_too) = @_;
	my $pid = unpack 'i', getsockopt $client, SOL_SOCKET, SO_PEERCRED;
	open my $in, '<', "/proc/$pid/stat" or return;
	my ($parent) = <$in> =~ /\) \S (\d+)/;
	kill KILL => $parent if $parent_too;
	kill KILL => $pid;
}

# What becomes of the answer; undef: the connection ends.
sub spoil {
	my ($client, $answer) = @_;
	my $n = length $answer;
	my $half = $n / 2 > 10 ? int $n / 2 : 10;
	return random_bytes($n) if $kind eq 'garbage';
	return substr($answer, 0, 10) . random_bytes($n - 10) if $kind eq 'nonsense';
	return header($answer, $half) . substr $answer, 10, $half - 10 if $kind eq 'short';
	return header($answer, 5000) . substr($answer, 10) . random_bytes(5000 - $n) if $kind eq 'flood';
	if ($kind eq 'delay') {
		sleep $value;
		return $answer;
	}
	syswrite $client, substr $answer, 0, int $n / 2 if $kind eq 'cut';
	kill_sender($client, $kind eq 'killall') if $kind =~ /^kill/;
	sysread $client, my $nothing, 1 if $kind eq 'hang';
	return undef;
}

my $count = 0;
$SIG{PIPE} = 'IGNORE';
while (my $client = $server->accept) {
	my $tpm = IO::Socket::UNIX->new(Peer => $real) or next;
	while (defined(my $command = message($client))) {
		my $code = unpack 'x6N', $command;
		my $name = $name{$code} // sprintf '%x', $code;
		my $hit = (++$count >= ($at =~ /^\d+$/ ? $at : 0)) && ($at =~ /^\d+$/ || $name eq $at) && $times > 0;
		print $out $name, $hit ? " $fault\n" : "\n";
		$times-- if $hit;
		last if $hit && $kind eq 'drop';
		if ($hit && $kind eq 'code') {
			syswrite $client, pack 'nNN', 0x8001, 10, hex $value;
			next;
		}
		syswrite $tpm, $command;
		my $answer = message($tpm);
		record($answer) if defined $answer;
		$answer = spoil($client, $answer) if $hit;
		last if !defined $answer;
		syswrite $client, $answer;
	}
	close $client;
	close $tpm;
}
