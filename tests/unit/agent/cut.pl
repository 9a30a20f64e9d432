#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# cut.pl LISTEN PORT N: a way to 127.0.0.1:PORT that ends, on both sides, when the answer to the Nth TLS record of data begins.
# So the far end has had the whole request, and its answer is lost.  N = 0: never.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($listen, $port, $n) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $listen, Listen => 8, ReuseAddr => 1) or die "cut.pl: $!\n";
$| = 1;
print "ready\n";
while (my $client = $server->accept) {
	my $far = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or next;
	my $select = IO::Select->new($client, $far);
	my ($waiting, $records) = ('', 0);
	CONNECTION: while (my @ready = $select->can_read(60)) {
		for my $from (@ready) {
			my $got = sysread $from, my $data, 65536;
			last CONNECTION if !$got;
			if ($from == $far) {
				last CONNECTION if $n && $records >= $n && $waiting eq '';
				syswrite $client, $data;
				next;
			}
			syswrite $far, $data;
			# type 1, version 2, length 2
			$waiting .= $data;
			while (length $waiting >= 5) {
				my ($type, undef, $length) = unpack 'Cnn', $waiting;
				last if length $waiting < 5 + $length;
				$records++ if $type == 23;
				substr $waiting, 0, 5 + $length, '';
			}
		}
	}
	close $client;
	close $far;
}
