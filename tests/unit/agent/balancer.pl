#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# balancer.pl LISTEN PORT DIR: what stands behind the end of TLS, in the clear, and can do as it likes.  For each connection DIR/orders is read:
#   pass                 nothing is changed
#   flip M KEY           field KEY of message M is changed by a bit; KEY "mac": the MAC.  M: 1 begin, 2 challenge, 3 finish, 4 answer
#   replace M KEY FILE   the byte string there is FILE's content
#   untoken              begin loses its token and its MAC
#   answer FILE          every request is answered by the bytes of FILE, and the connection ends
# What passed is kept as DIR/message.M, the keys of a begin as DIR/field.4 (EK) and DIR/field.5 (AK), and, when there was something to change, DIR/changed.
use strict;
use warnings;
use IO::Socket::INET;

my ($listen, $port, $dir) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $listen, Listen => 8, ReuseAddr => 1) or die "balancer.pl: $!\n";
$| = 1;
print "ready\n";

sub slurp { my $f = shift; local $/; open my $in, '<:raw', $f or die "balancer.pl: $f: $!\n"; return scalar <$in> }
sub keep { my ($f, $p) = @_; open my $out, '>:raw', "$dir/$f" or die "balancer.pl: $f: $!\n"; print $out $p; close $out }

# One HTTP message: head and body.
sub message {
	my $from = shift;
	my $p = '';
	while ($p !~ /\r\n\r\n/) { sysread $from, $p, 65536, length $p or return () }
	my ($head, $body) = $p =~ /^(.*?\r\n\r\n)(.*)$/s;
	my ($n) = $head =~ /^content-length: *(\d+)/mi;
	while (length $body < ($n // 0)) { sysread $from, $body, 65536, length $body or return () }
	return ($head, $body);
}

# CBOR: (major type, value, where the content begins); where an item ends.
sub head {
	my ($p, $at) = @_;
	my $b = ord substr $p, $at, 1;
	my ($major, $v) = ($b >> 5, $b & 31);
	return ($major, $v, $at + 1) if $v < 24;
	my $n = 1 << $v - 24;
	return ($major, unpack($n == 1 ? 'C' : $n == 2 ? 'n' : 'N', substr $p, $at + 1, $n), $at + 1 + $n);
}
sub end {
	my ($p, $at) = @_;
	my ($major, $v, $to) = head($p, $at);
	return $to + $v if $major == 2 || $major == 3;
	if ($major == 4 || $major == 5) { $to = end($p, $to) for 1 .. $v * ($major - 3) }
	return $to;
}
sub bstr {
	my $p = shift;
	my $n = length $p;
	return ($n < 24 ? chr 0x40 + $n : $n < 256 ? pack 'CC', 0x58, $n : pack 'Cn', 0x59, $n) . $p;
}
# fields(map): key => [begin of the value, end]
sub fields {
	my $p = shift;
	my ($major, $n, $at) = head($p, 0);
	my %f;
	for (1 .. $n) {
		my (undef, $key, $value) = head($p, $at);
		$at = end($p, $value);
		$f{$key} = [$value, $at];
	}
	return %f;
}

sub flip {
	my ($p, $from, $to) = @_;
	my ($major, $v, $content) = head($p, $from);
	my $at = $major == 4 ? $content + (end($p, $content) - $content) / 2 : $to - 1;
	substr $p, $at, 1, chr(ord(substr $p, $at, 1) ^ 1);
	return $p;
}

sub content {
	my ($p, $at) = @_;
	my (undef, $n, $from) = head($p, $at);
	return substr $p, $from, $n;
}
sub keep_keys {
	my %outer = fields($_[0]);
	my $inner = content($_[0], $outer{1}[0]);
	my %f = fields($inner);
	keep("field.$_", content($inner, $f{$_}[0])) for 4, 5;
}

sub change {
	my ($body, $what, $key, $file) = @_;
	my %outer = fields($body);
	my $inner = content($body, $outer{1}[0]);
	my $mac = exists $outer{2} ? substr($body, $outer{2}[1] - 32, 32) : undef;
	my %f = fields($inner);
	if ($what eq 'untoken') {
		my ($from, $to) = @{$f{2}};
		$inner = chr(ord(substr $inner, 0, 1) - 1) . substr($inner, 1, $from - 2) . substr $inner, $to;
		$mac = undef;
	} elsif ($key eq 'mac') {
		return undef if !defined $mac;
		$mac = flip($mac, 0, length $mac);
	} else {
		return undef if !exists $f{$key};
		my ($from, $to) = @{$f{$key}};
		$inner = $what eq 'flip' ? flip($inner, $from, $to) : substr($inner, 0, $from) . bstr(slurp($file)) . substr $inner, $to;
	}
	return chr(defined $mac ? 0xa2 : 0xa1) . "\1" . bstr($inner) . (defined $mac ? "\2" . bstr($mac) : '');
}

while (my $client = $server->accept) {
	my ($what, @args) = split ' ', slurp("$dir/orders");
	my $far;
	for (my $m = 1; my ($head, $body) = message($m % 2 ? $client : $far); $m++) {
		if ($what eq 'answer') {
			syswrite $client, slurp($args[0]);
			keep('changed', '');
			last;
		}
		keep("message.$m", $body);
		keep_keys($body) if $m == 1;
		if ($what eq 'untoken' ? $m == 1 : ($what eq 'flip' || $what eq 'replace') && $args[0] == $m) {
			my $changed = change($body, $what, @args[1 .. $#args]);
			if (defined $changed) {
				keep('changed', '');
				$body = $changed;
			}
		}
		my $n = length $body;
		$head =~ s/^(content-length: *)\d+/$1$n/mi;
		$far //= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or last;
		syswrite $m % 2 ? $far : $client, $head . $body;
	}
	close $client;
	close $far if $far;
}
