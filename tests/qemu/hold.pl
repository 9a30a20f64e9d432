#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# hold.pl LISTEN PORT N FILE: a way to 127.0.0.1:PORT.  Once a connection has carried N bytes there, FILE.full appears, and what comes back
# waits until FILE is there.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($listen, $port, $n, $file) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $listen, Listen => 8, ReuseAddr => 1) or die "hold.pl: $!\n";
$SIG{CHLD} = 'IGNORE';
while (1) {
	my $client = $server->accept or next;
	next if fork;
	my $far = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or exit 1;
	my $select = IO::Select->new($client, $far);
	my $carried = 0;
	while (my @ready = $select->can_read(120)) {
		for my $from (@ready) {
			my $got = sysread $from, my $data, 65536;
			exit 0 if !$got;
			if ($from == $client) {
				$carried += $got;
				syswrite $far, $data;
				next;
			}
			if ($carried >= $n) {
				open my $mark, '>', "$file.full" or die "hold.pl: $!\n";
				close $mark;
				select undef, undef, undef, 0.05 while !-e $file;
			}
			syswrite $client, $data;
		}
	}
	exit 0;
}
