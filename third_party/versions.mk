# Third-party sources: version and SHA-256, in this one place.
# tpm2-tss 4.2.0 (5f5907d3a3ca1e37c2d6d4027b4ccda5bbad61873751fb78ebecaca5744218a5) is to be preferred as soon as Debian's mirrors have it.
TSS_VERSION       := 4.1.3
TSS_TARBALL       := tpm2-tss_$(TSS_VERSION).orig.tar.gz
TSS_SHA256        := 8a389bda64690910e7af7deaf64703a3faed416dc538c9c3e4f893f24893524d

BEARSSL_VERSION   := 0.6
BEARSSL_TARBALL   := bearssl_$(BEARSSL_VERSION)+dfsg.1.orig.tar.xz
BEARSSL_SHA256    := 102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004

TINYCBOR_VERSION  := 0.6.1
TINYCBOR_TARBALL  := tinycbor_$(TINYCBOR_VERSION).orig.tar.gz
TINYCBOR_SHA256   := 0f9944496d1143935e9c996bc6233ca0dd5451299def33ef400a409942f8f34b
