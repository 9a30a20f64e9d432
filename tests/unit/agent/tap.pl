#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# tap.pl LISTEN REAL LOG N FAULT TIMES: between a program and a software TPM.  The Nth command and the TIMES - 1 after it meet FAULT:
#   code:HEX  the TPM does not get it, HEX is the response code    lose  the TPM gets it, the connection ends before the answer
#   kill      the TPM gets it, and who sent it is killed before the answer
# N = PCR_Event means: the commands of that name.  Every command's code goes to LOG.
use strict;
use warnings;
use IO::Socket::UNIX;
use Socket qw(SOL_SOCKET SO_PEERCRED);

my ($listen, $real, $log, $n, $fault, $times) = @ARGV;
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

my $count = 0;
while (my $client = $server->accept) {
	my $tpm = IO::Socket::UNIX->new(Peer => $real) or next;
	while (defined(my $command = message($client))) {
		my $code = unpack 'x6N', $command;
		my $hit = $n eq 'PCR_Event' ? $code == 0x13c : ++$count >= $n;
		printf $out "%x%s\n", $code, $hit && $times > 0 ? " $fault" : '';
		if ($hit && $times-- > 0) {
			if ($fault =~ /^code:(.*)/) {
				syswrite $client, pack 'nNN', 0x8001, 10, hex $1;
				next;
			}
			syswrite $tpm, $command;
			message($tpm);
			kill KILL => unpack 'i', getsockopt $client, SOL_SOCKET, SO_PEERCRED if $fault eq 'kill';
			last;
		}
		syswrite $tpm, $command;
		my $answer = message($tpm);
		last if !defined $answer;
		syswrite $client, $answer;
	}
	close $client;
	close $tpm;
}
