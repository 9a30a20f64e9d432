#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# cut.pl LISTEN PORT WHERE:N FAULT TIMES LOG: a way to 127.0.0.1:PORT on which something happens at the Nth request of a connection, or its
# answer, the first TIMES times.  WHERE:
#   connection (N = 1)  before-request  in-request (a record of it went on)  before-answer (the far end has had the request)  after-answer
# FAULT: drop, the connection ends on both sides; kill, who connected is killed; killall, its parent, too; none.
# To LOG goes each place that was passed.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($listen, $port, $where, $fault, $times, $log) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $listen, Listen => 8, ReuseAddr => 1) or die "cut.pl: $!\n";
open my $out, '>', $log // '/dev/null' or die "cut.pl: $!\n";
$out->autoflush(1);
$| = 1;
$SIG{PIPE} = 'IGNORE';
print "ready\n";

# The process at the other end of a connection, by the socket's inode.
sub peer {
	my ($client) = @_;
	my $address = sprintf '0100007F:%04X', $client->peerport;
	open my $in, '<', '/proc/net/tcp' or return;
	my $inode;
	while (<$in>) {
		my @field = split;
		$inode = $field[9] if $field[1] eq $address;
	}
	return if !defined $inode;
	for my $link (glob '/proc/[0-9]*/fd/*') {
		return $link =~ m{^/proc/(\d+)} if (readlink($link) // '') eq "socket:[$inode]";
	}
	return;
}

sub parent {
	my ($pid) = @_;
	open my $in, '<', "/proc/$pid/stat" or return;
	return <$in> =~ /\) \S (\d+)/;
}

# Whether the connection ends at this place.
sub ends_at {
	my ($place, @victims) = @_;
	print $out "$place\n";
	return 0 if $place ne $where || $fault eq 'none' || $times-- <= 0;
	kill KILL => @victims;
	return 1;
}

# Whole TLS records (type 1, version 2, length 2) of what has come.
sub records {
	my ($waiting) = @_;
	my @records;
	while (length $$waiting >= 5) {
		my $n = 5 + unpack 'x3n', $$waiting;
		last if length $$waiting < $n;
		push @records, substr $$waiting, 0, $n, '';
	}
	return @records;
}

while (my $client = $server->accept) {
	my $far = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or next;
	my $select = IO::Select->new($client, $far);
	my ($requests, $asking, %waiting, @victims) = (0, 0);
	push @victims, peer($client) if $fault =~ /^kill/;
	unshift @victims, parent(@victims) if @victims && $fault eq 'killall';
	CONNECTION: {
		last if ends_at('connection:1', @victims);
		while (my @ready = $select->can_read(60)) {
			for my $from (@ready) {
				my $asked = $from == $client;
				sysread($from, $waiting{$from} //= '', 65536, length $waiting{$from}) or last CONNECTION;
				for my $record (records(\$waiting{$from})) {
					my $data = unpack('C', $record) == 23;
					my $first = $data && $asked != $asking;
					if ($first) {
						$asking = $asked;
						$requests++ if $asked;
						last CONNECTION if ends_at($asked ? "before-request:$requests" : "before-answer:$requests", @victims);
					}
					syswrite $asked ? $far : $client, $record;
					last CONNECTION if $first && ends_at($asked ? "in-request:$requests" : "after-answer:$requests", @victims);
				}
			}
		}
	}
	close $client;
	close $far;
}
