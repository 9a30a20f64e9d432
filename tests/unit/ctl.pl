# SPDX-License-Identifier: ISC
# What ctl.sh compares bootgatectl with: the same bytes, computed here from the specifications.
#
#   delegation FILE OUT     from a delegation: OUT.message, what the authority must have signed before hashing; OUT.signature in DER
#   uki OUT LINUX [TEXT]    a unified kernel image (PE32+) around the file LINUX; TEXT is its command line
#   authenticode FILE       the Authenticode SHA-256 of an image without certificates
use strict;
use warnings;
use Digest::SHA qw(sha256 sha256_hex);

sub slurp { my ($path) = @_; open my $f, '<:raw', $path or die "$path: $!\n"; local $/; return <$f> }
sub spew { my ($path, $data) = @_; open my $f, '>:raw', $path or die "$path: $!\n"; print $f $data; close $f or die }

# TPMT_PUBLIC of an ECC key that verifies: type, nameAlg, sign | userWithAuth, no policy, no symmetric, ECDSA, curve, no KDF, x, y.
sub key_name {
	my ($point) = @_;
	my $field = (length($point) - 1) / 2;
	my ($hash, $curve) = $field == 32 ? (0x000b, 3) : (0x000c, 4);
	my $area = pack('n n N n n n n n n', 0x0023, $hash, 0x00040040, 0, 0x0010, 0x0018, $hash, $curve, 0x0010) .
		pack('n/a n/a', substr($point, 1, $field), substr($point, 1 + $field));
	return pack('n', $hash) . ($field == 32 ? sha256($area) : Digest::SHA::sha384($area));
}

sub delegation {
	my ($path, $out) = @_;
	my %line = map { split / /, $_, 2 } split /\n/, slurp($path);
	my ($approval, $statement) = map { pack 'H*', $line{$_} } qw(approval statement);

	# PolicySigned(approval key, policyRef), then PolicyPCR(SHA-256: 13 = zeros).  (TPM 2.0 Part 3, 23.3, 23.7)
	my $policy = sha256("\0" x 32 . pack('N', 0x160) . key_name($approval));
	$policy = sha256($policy . sha256("bootgate/1 disk$statement"));
	$policy = sha256($policy . pack('N', 0x17f) . pack('N n C C3', 1, 0x000b, 3, 0x00, 0x20, 0x00) . sha256("\0" x 32));
	spew("$out.message", $policy . 'bootgate/1 epoch' . pack('N', $line{epoch}));

	my $raw = pack 'H*', $line{signature};
	my @parts = map { s/^\0+//r } (substr($raw, 0, length($raw) / 2), substr($raw, length($raw) / 2));
	my $der = join '', map { my $v = ord($_) & 0x80 ? "\0$_" : $_; pack 'C C/a', 2, $v } @parts;
	spew("$out.signature", pack('C C/a', 0x30, $der));
}

sub align { my ($n, $to) = @_; return int(($n + $to - 1) / $to) * $to }

# "MZ" | PE | COFF | optional header (PE32+) | section headers | contents, each from a multiple of 512
sub image {
	my @sections = @_; # name, content
	my $count = @sections / 2;
	my $headers = align(64 + 24 + 240 + 40 * $count, 512);
	my ($offset, $address, $table, $body) = ($headers, 0x1000, '', '');
	while (my ($name, $content) = splice @sections, 0, 2) {
		my $size = align(length $content, 512);
		$table .= pack 'a8 V6 v2 V', $name, length $content, $address, $size, $offset, 0, 0, 0, 0, 0x40000040;
		$body .= $content . "\0" x ($size - length $content);
		$offset += $size;
		$address += align(length $content, 0x1000);
	}
	my $optional = pack 'v C2 V5 Q< V2 v6 V4 v2 Q<4 V2', 0x20b, 0, 0, 0, 0, 0, 0x1000, 0x1000, 0x14000 << 16, 0x1000, 512, 0, 0, 0, 0, 0, 0,
		0, $address, $headers, 0x12345678, 10, 0, 0, 0, 0, 0, 0, 16;
	$optional .= "\0" x (240 - length $optional);
	my $file = pack('a60 V', 'MZ', 64) . "PE\0\0" . pack('v2 V3 v2', 0x8664, $count, 0, 0, 0, 240, 0x22) . $optional . $table;
	return $file . "\0" x ($headers - length $file) . $body;
}

# Everything but the checksum (64 bytes into the optional header) and the certificate table's entry (144).
sub authenticode {
	my ($file) = @_;
	my $optional = unpack('x60 V', $file) + 24;
	return sha256_hex(substr($file, 0, $optional + 64) . substr($file, $optional + 68, 144 - 68) . substr($file, $optional + 152));
}

my ($what, @arguments) = @ARGV;
if ($what eq 'delegation') {
	delegation(@arguments);
} elsif ($what eq 'uki') {
	my ($out, $linux, $text) = @arguments;
	$text //= 'root=/dev/mapper/root noresume';
	spew($out, image('.osrel', "ID=test\n", '.cmdline', $text, '.linux', slurp($linux), '.initrd', "an initrd\n" x 100));
} elsif ($what eq 'linux') {
	spew($arguments[0], image('.text', "a kernel\n" x 200));
} elsif ($what eq 'authenticode') {
	print authenticode(slurp($arguments[0])), "\n";
} else {
	die "ctl.pl: $what?\n";
}
