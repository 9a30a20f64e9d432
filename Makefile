# SPDX-License-Identifier: ISC
# bootgate: one non-recursive Makefile.  `make help` lists what there is.
# The object lists are the architecture: what a program holds is what stands in its list.

include third_party/versions.mk
include third_party/tpm2-tss.mk

B        := build
VERSION  := 0.1
PREFIX   := /usr
DESTDIR  :=
CC       := gcc
MUSL_CC  := musl-gcc
CLANG    := clang
WERROR   := -Werror

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wswitch-enum -Wundef \
            -Wcast-qual -Wwrite-strings -Wformat=2 $(WERROR)
WARNINGS_GCC := -Wjump-misses-init -Wlogical-op

# --- what each layer is made of ----------------------------------------------------------------------------------------

BASE       := base/bytes base/cbor_write base/clock base/file base/log base/memory base/status base/text
CRYPTO     := crypto/aead crypto/aes_cfb crypto/der crypto/ec crypto/hash crypto/hpke crypto/kdf crypto/keyfile \
              crypto/keyfile_asn1 crypto/pem crypto/random crypto/rsa crypto/x25519
CRYPTO_SIGN := crypto/ecdsa_sign crypto/keyfile_private
STRUCTURES := structures/credential structures/nv structures/policy_digest structures/public structures/quote
TPM        := tpm/ak tpm/callbacks tpm/context tpm/door tpm/ek tpm/index tpm/object tpm/quote tpm/secret tpm/session \
              tpm/tcti tpm/tpm
EVENTLOG   := eventlog/device_path eventlog/escape eventlog/event eventlog/event_cover eventlog/event_data eventlog/event_linux \
              eventlog/eventlog eventlog/replay eventlog/show
LUKS       := luks/header luks/header_fault luks/json luks/metadata luks/seal luks/token
PROTOCOL   := protocol/cbor protocol/cose protocol/field protocol/message_enroll protocol/message_evidence protocol/message_result protocol/rotation
PROTOCOL_SIGN := protocol/cose_sign
POLICY     := policy/appraise policy/case policy/command_line policy/comments policy/evidence_check policy/judgement policy/machine policy/pcr_check \
              policy/pe policy/policy policy/uki_reference
STORE      := store/config store/keys store/record store/sqlite
NET        := net/dhcp net/dial net/https net/https_head net/netlink net/trust net/url
AGENT      := agent/approve agent/attest agent/boot agent/certificates agent/console agent/door agent/enroll agent/identity agent/ima agent/links agent/luks_enroll agent/main \
              agent/network agent/opened agent/retry agent/rotate \
              agent/block agent/cryptsetup agent/mapping agent/memory_overwrite agent/settings agent/volume
VERIFIER   := verifier/attest verifier/bootgated verifier/confine verifier/desk verifier/ekcert_ask ekcert/ekcert_code verifier/enroll \
              verifier/frame verifier/front verifier/http verifier/judge verifier/library verifier/nonce verifier/shares verifier/stranger \
              verifier/supervise verifier/tls_server
EKCERT     := ekcert/ekcert ekcert/ekcert_code
# The only process of the verifier that holds libcrypto.
EKCERT_PROCESS := verifier/confine verifier/ekcert_ask verifier/ekcert_main
CTL        := ctl/appraise_verb ctl/arguments ctl/audit_note ctl/audit_verb ctl/authority_files ctl/authority_known ctl/authority_revoke ctl/authority_show \
              ctl/authority_verb ctl/ek_verb ctl/enroll_verb ctl/eventlog_verb ctl/hold_verb ctl/machine_verb \
              ctl/main ctl/policy_verb ctl/printable ctl/reference_verb ctl/references ctl/rotate_verb ctl/state ctl/tls_certificate

# --- what each program is made of --------------------------------------------------------------------------------------

bootgate_OBJECTS     := $(BASE) $(CRYPTO) $(STRUCTURES) $(TPM) $(PROTOCOL) $(LUKS) $(NET) $(AGENT)
bootgated_OBJECTS    := $(BASE) $(CRYPTO) $(CRYPTO_SIGN) $(STRUCTURES) $(PROTOCOL) $(PROTOCOL_SIGN) $(EVENTLOG) $(POLICY) $(STORE) $(VERIFIER)
bootgatectl_OBJECTS  := $(BASE) $(EKCERT) $(CRYPTO) $(CRYPTO_SIGN) $(STRUCTURES) $(PROTOCOL) $(PROTOCOL_SIGN) $(EVENTLOG) $(POLICY) $(STORE) $(CTL)

bootgated-ekcert_OBJECTS := $(BASE) $(CRYPTO) $(CRYPTO_SIGN) structures/policy_digest structures/public policy/comments store/config $(EKCERT) $(EKCERT_PROCESS)

bootgated_LIBS   := -levent_core -lsqlite3 -lconfuse -lseccomp
bootgated-ekcert_LIBS := -lconfuse -lseccomp -lcrypto
bootgatectl_LIBS := -lsqlite3 -lconfuse -ljansson -lcrypto

# Everything pure, and what tests of single modules may link.
LIBRARY := $(BASE) $(CRYPTO) $(CRYPTO_SIGN) $(STRUCTURES) $(PROTOCOL) $(PROTOCOL_SIGN) $(LUKS) $(EVENTLOG) $(POLICY)

# Unit tests: tests/unit/NAME.c, linked with LIBRARY and with what NAME_MORE says.
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
test_tpm_MORE   := $(TPM)
test_tcti_MORE  := $(TPM)
test_tpm_callbacks_MORE := $(TPM)
test_network_MORE := net/dhcp net/netlink
test_net_MORE   := $(NET)
test_settings_MORE := agent/settings net/trust net/url
test_retry_MORE := agent/retry
test_rotate_MORE := agent/rotate
test_opened_MORE := agent/block agent/cryptsetup agent/mapping agent/opened agent/volume
# Of the agent, only what is tested: the rest is the test's own.
test_boot_MORE := agent/boot agent/settings net/trust net/url
test_certificates_MORE := agent/certificates
fuzz_http_answer_MORE := net/https_head
fuzz_settings_MORE := agent/settings net/trust net/url
test_store_MORE := $(STORE)
test_ctl_MORE   := $(STORE)
test_http_MORE  := verifier/http verifier/frame
test_nonce_MORE := verifier/nonce
test_ekcert_MORE := ekcert/ekcert verifier/ekcert_ask ekcert/ekcert_code
test_confine_MORE := verifier/confine
test_verifier_MORE := $(STORE) $(NET)
test_stolen_MORE := $(STORE) $(NET)
test_strangers_MORE := $(STORE) $(NET) verifier/nonce
test_rotation_MORE := $(STORE) $(NET)
test_replay_MORE := $(STORE) $(NET) verifier/nonce
test_oracle_MORE := $(STORE) $(filter-out %/bootgated %/desk %/front %/supervise %/tls_server,$(VERIFIER))
test_oracle_WRAP := ecdsa_sign public_verify
fuzz_http_MORE  := verifier/http
fuzz_verifier_frame_MORE := verifier/ekcert_ask ekcert/ekcert_code verifier/frame verifier/nonce
fuzz_keys_MORE  := store/keys
fuzz_record_MORE := store/record
fuzz_config_MORE := store/config
fuzz_ekcert_MORE := ekcert/ekcert verifier/ekcert_ask ekcert/ekcert_code
test_ima_MORE   := agent/ima
test_volume_MORE := agent/block agent/cryptsetup agent/mapping agent/volume
fuzz_ima_MORE   := agent/ima
fuzz_dhcp_MORE  := net/dhcp
fuzz_netlink_MORE := net/netlink
fuzz_trust_MORE := net/trust
fuzz_agent_notes_MORE := agent/block agent/certificates agent/cryptsetup agent/mapping agent/opened agent/volume
fuzz_tpm_object_MORE := $(TPM)
fuzz_tpm_replies_MORE := $(filter-out tpm/tcti,$(TPM))
FUZZERS    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
UNIT_LIBS  := -lcmocka -ljansson -lsqlite3 -lconfuse -lseccomp -lcrypto

PACKAGES_BUILD := gcc libc6-dev make musl-tools linux-libc-dev xz-utils pkg-config libevent-dev libsqlite3-dev libconfuse-dev \
                  libjsmn-dev libjansson-dev libssl-dev libseccomp-dev
PACKAGES_CHECK := patch libcmocka-dev clang libclang-rt-14-dev shellcheck swtpm swtpm-tools tpm2-tools openssl curl perl mandoc cryptsetup-bin iproute2 socat dnsmasq-base
PACKAGES_QEMU  := swtpm swtpm-tools qemu-system-x86 ovmf sbsigntool mtools cryptsetup-bin busybox-static zstd cpio kmod iproute2 \
                  systemd-boot-efi binutils tpm2-tools openssl perl libio-socket-ssl-perl curl socat e2fsprogs
PACKAGES_BENCH := clevis clevis-tpm2 tang-common jose curl socat zstd cryptsetup-bin iproute2

# --- targets -----------------------------------------------------------------------------------------------------------

.PHONY: all help demo check check-built check-fast check-long check-qemu bench install clean fetch qemu-tools
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

all: compile_commands.json $(B)/bootgate $(B)/bootgated $(B)/bootgated-ekcert $(B)/bootgatectl

help:
	@echo 'make                 build/bootgate (static, for the initramfs), build/bootgated, build/bootgatectl'
	@echo 'make demo            a virtual machine asks for, and gets, permission to boot; then is refused'
	@echo 'make check           all tests (check-fast: those without virtual machines; check-qemu: those with)'
	@echo 'make check-long      what takes hours: long searches, mutants (tests/mutants/README.md), fuzzing'
	@echo 'make bench           figures, as ratios against peers in the same run'
	@echo 'make install         into DESTDIR= under PREFIX=/usr'
	@echo 'make clean           remove build/'
	@echo 'TARBALLS=DIR         take third-party sources from there, not from the Debian mirror'
	@echo 'WERROR=              for packagers: warnings are no errors'

# --- packages: a stamp each ---------------------------------------------------------------------------------------------

$(B)/packages/build: third_party/require
	@mkdir -p $(@D)
	third_party/require $(PACKAGES_BUILD)
	@touch $@

$(B)/packages/check: third_party/require
	@mkdir -p $(@D)
	third_party/require $(PACKAGES_CHECK)
	@touch $@

$(B)/packages/qemu: third_party/require
	@mkdir -p $(@D)
	third_party/require $(PACKAGES_QEMU)
	@touch $@

$(B)/packages/bench: third_party/require
	@mkdir -p $(@D)
	third_party/require $(PACKAGES_BENCH)
	@touch $@

# --- third-party sources -------------------------------------------------------------------------------------------------

T        := $(B)/third_party
BEARSSL  := $(T)/bearssl
TINYCBOR := $(T)/tinycbor
TSS      := $(T)/tpm2-tss

fetch: $(BEARSSL)/.unpacked $(TINYCBOR)/.unpacked $(TSS)/.unpacked

$(T)/$(BEARSSL_TARBALL): | $(B)/packages/build
	third_party/fetch $(BEARSSL_TARBALL) b/bearssl/$(BEARSSL_TARBALL) $(BEARSSL_SHA256) $@
$(T)/$(TINYCBOR_TARBALL): | $(B)/packages/build
	third_party/fetch $(TINYCBOR_TARBALL) t/tinycbor/$(TINYCBOR_TARBALL) $(TINYCBOR_SHA256) $@
$(T)/$(TSS_TARBALL): | $(B)/packages/build
	third_party/fetch $(TSS_TARBALL) t/tpm2-tss/$(TSS_TARBALL) $(TSS_SHA256) $@

$(BEARSSL)/.unpacked: $(T)/$(BEARSSL_TARBALL)
$(TINYCBOR)/.unpacked: $(T)/$(TINYCBOR_TARBALL)
$(TSS)/.unpacked: $(T)/$(TSS_TARBALL)
$(BEARSSL)/.unpacked $(TINYCBOR)/.unpacked $(TSS)/.unpacked:
	rm -rf $(@D) && mkdir -p $(@D)
	tar xf $< -C $(@D) --strip-components=1
	touch $@

# musl-gcc sees only musl's headers: the kernel's, and a header-only library's, are linked into a folder of their own.
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
$(T)/musl-include/.ready: | $(B)/packages/build
	rm -rf $(@D) && mkdir -p $(@D)
	ln -s /usr/include/linux $(@D)/linux
	ln -s /usr/include/asm-generic $(@D)/asm-generic
	ln -s /usr/include/$(MULTIARCH)/asm $(@D)/asm
	ln -s /usr/include/jsmn.h $(@D)/jsmn.h
	touch $@

THIRD_INCLUDES := -isystem $(BEARSSL)/inc -isystem $(TINYCBOR)/src -isystem $(TSS)/include
# The agent is C alone, and no debugger comes to the initramfs: no unwind tables, a seventh of the program.
AGENT_CFLAGS_3 := -Os -fPIE -fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections -fdata-sections -fstack-protector-strong -isystem $(T)/musl-include
HOST_CFLAGS_3  := -O2 -g -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong

# The sources are known only after unpacking, so each library is one rule with a small recursive-free loop: xargs runs two compilers.
# library(FLAVOUR, COMPILER, CFLAGS)
define library
$(T)/$(1)/libbearssl.a: $(BEARSSL)/.unpacked $(if $(filter musl,$(1)),$(T)/musl-include/.ready)
	@echo "  third party  bearssl ($(1))"
	@third_party/archive $$@ '$(2) $(3) -I$(BEARSSL)/inc -I$(BEARSSL)/src -w' $$$$(find $(BEARSSL)/src -name '*.c')
$(T)/$(1)/libtinycbor.a: $(TINYCBOR)/.unpacked $(if $(filter musl,$(1)),$(T)/musl-include/.ready)
	@echo "  third party  tinycbor ($(1))"
	@third_party/archive $$@ '$(2) $(3) -I$(TINYCBOR)/src -w' $(TINYCBOR)/src/cborparser.c $(TINYCBOR)/src/cborvalidation.c $(TINYCBOR)/src/cborerrorstrings.c
$(T)/$(1)/libtss.a: $(TSS)/.unpacked third_party/tpm2-tss.mk $(if $(filter musl,$(1)),$(T)/musl-include/.ready)
	@echo "  third party  tpm2-tss ($(1))"
	@third_party/archive $$@ '$(2) $(3) $$(TSS_CFLAGS) -w' $$(addprefix $(TSS)/,$$(TSS_SOURCES))
endef
$(eval $(call library,musl,$(MUSL_CC),$(AGENT_CFLAGS_3)))
$(eval $(call library,host,$(CC),$(HOST_CFLAGS_3)))
# For fuzzing: what reads a hostile TPM's answers is watched, too.
$(eval $(call library,fuzz,$(CLANG),-O1 -g -fPIE -fsanitize=fuzzer-no-link,address))

THIRD_MUSL := $(T)/musl/libtss.a $(T)/musl/libbearssl.a $(T)/musl/libtinycbor.a
THIRD_FUZZ := $(T)/fuzz/libtss.a $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
THIRD_HOST := $(T)/host/libtss.a $(T)/host/libbearssl.a $(T)/host/libtinycbor.a

# --- our objects: one folder a flavour -----------------------------------------------------------------------------------

CPPFLAGS_ALL := -std=c11 -D_GNU_SOURCE -DBOOTGATE_VERSION='"$(VERSION)"' -Isrc $(THIRD_INCLUDES) -MMD -MP
AGENT_CFLAGS := -Os -g $(WARNINGS) $(WARNINGS_GCC) -fPIE -fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections -fdata-sections -fstack-protector-strong -isystem $(T)/musl-include
HOST_CFLAGS  := -O2 -g $(WARNINGS) $(WARNINGS_GCC) -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -D_FORTIFY_SOURCE=2
TEST_CFLAGS  := -O1 -g $(WARNINGS) $(WARNINGS_GCC) -DTPM_WITH_SWTPM -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_CFLAGS  := -O2 -g $(WARNINGS) -Wno-unknown-warning-option -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -DFUZZING

UNPACKED := $(BEARSSL)/.unpacked $(TINYCBOR)/.unpacked $(TSS)/.unpacked

$(B)/agent/%.o: src/%.c | $(UNPACKED) $(T)/musl-include/.ready
	@mkdir -p $(@D)
	@echo "  agent  $<"
	@$(MUSL_CC) $(CPPFLAGS_ALL) $(AGENT_CFLAGS) -c -o $@ $<
$(B)/host/%.o: src/%.c | $(UNPACKED)
	@mkdir -p $(@D)
	@echo "  host   $<"
	@$(CC) $(CPPFLAGS_ALL) $(HOST_CFLAGS) -c -o $@ $<
$(B)/test/%.o: src/%.c | $(UNPACKED) $(B)/packages/check
	@mkdir -p $(@D)
	@echo "  test   $<"
	@$(CC) $(CPPFLAGS_ALL) $(TEST_CFLAGS) -c -o $@ $<
$(B)/test/unit/%.o: tests/unit/%.c | $(UNPACKED) $(B)/packages/check
	@mkdir -p $(@D)
	@echo "  test   $<"
	@$(CC) $(CPPFLAGS_ALL) $(TEST_CFLAGS) -Wno-missing-prototypes -c -o $@ $<
$(B)/fuzz/%.o: src/%.c | $(UNPACKED) $(B)/packages/check
	@mkdir -p $(@D)
	@echo "  fuzz   $<"
	@$(CLANG) $(CPPFLAGS_ALL) $(FUZZ_CFLAGS) -c -o $@ $<
# Long runs of zeros, compared byte by byte, are no clue and half the time.
$(B)/fuzz/base/bytes.o: FUZZ_CFLAGS += -fno-sanitize-coverage=trace-cmp
$(B)/fuzz/targets/%.o: tests/fuzz/%.c | $(UNPACKED) $(B)/packages/check
	@mkdir -p $(@D)
	@echo "  fuzz   $<"
	@$(CLANG) $(CPPFLAGS_ALL) $(FUZZ_CFLAGS) -Wno-missing-prototypes -c -o $@ $<

-include $(shell find $(B)/agent $(B)/bench $(B)/host $(B)/test $(B)/fuzz -type f -name "*.d" 2>/dev/null)

# --- programs ------------------------------------------------------------------------------------------------------------

# One static PIE without an interpreter: musl-gcc's own -static-pie makes a dynamic file, so the start files are named here.
# -print-file-name tells the host's: glibc's rcrt1.o leaves the relocations to a libc that is not there.  -### tells musl's.
MUSL_LIB  = $(dir $(shell $(MUSL_CC) '-###' -x c /dev/null 2>&1 | tr ' ' '\n' | grep '/crti\.o$$'))
$(B)/bootgate.full: $(bootgate_OBJECTS:%=$(B)/agent/%.o) $(THIRD_MUSL)
	@echo "  link   $@"
	@$(MUSL_CC) -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text,-z,relro,-z,now,-z,noexecstack,--gc-sections,-Map=$(B)/bootgate.map \
		-o $@ $(MUSL_LIB)rcrt1.o $(MUSL_LIB)crti.o $(filter %.o,$^) \
		-Wl,--start-group $(THIRD_MUSL) -Wl,--end-group -lc -lgcc $(MUSL_LIB)crtn.o
$(B)/bootgate: $(B)/bootgate.full
	@strip -o $@ $<

$(B)/bootgated: $(bootgated_OBJECTS:%=$(B)/host/%.o) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a | $(B)/bootgated-ekcert
	@echo "  link   $@"
	@$(CC) -pie -Wl,-z,relro,-z,now,--gc-sections,-Map=$@.map -o $@ $^ $(bootgated_LIBS)
$(B)/bootgated-ekcert: $(bootgated-ekcert_OBJECTS:%=$(B)/host/%.o) $(T)/host/libbearssl.a
	@echo "  link   $@"
	@$(CC) -pie -Wl,-z,relro,-z,now,--gc-sections,-Map=$@.map -o $@ $^ $(bootgated-ekcert_LIBS)
$(B)/bootgatectl: $(bootgatectl_OBJECTS:%=$(B)/host/%.o) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
	@echo "  link   $@"
	@$(CC) -pie -Wl,-z,relro,-z,now,--gc-sections,-Map=$@.map -o $@ $^ $(bootgatectl_LIBS)
# The same under the sanitizers: what test_ctl runs.
$(B)/test/bootgatectl: $(bootgatectl_OBJECTS:%=$(B)/test/%.o) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
	@echo "  link   $@"
	@$(CC) -fsanitize=address,undefined -o $@ $^ $(bootgatectl_LIBS)
$(B)/test/test_ctl: $(B)/test/bootgatectl

# bootgated with an attacker's code in place of one module, a process each: what is tried then fails by confinement alone.
HOSTILE := $(patsubst %,$(B)/test/bootgated-hostile-%,front desk judge)
hostile_front := verifier/tls_server
hostile_desk  := verifier/http
hostile_judge := verifier/enroll
define hostile
$(B)/test/bootgated-hostile-$(1): $(B)/test/verifier/hostile/$(1).o $(B)/test/verifier/hostile/hostile.o \
		$(patsubst %,$(B)/host/%.o,$(filter-out $(hostile_$(1)),$(bootgated_OBJECTS))) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
	@echo "  link   $$@"
	@$(CC) -pie -Wl,--gc-sections -o $$@ $$^ $(bootgated_LIBS)
endef
$(foreach h,front desk judge,$(eval $(call hostile,$(h))))
$(B)/test/verifier/hostile/%.o: tests/verifier/hostile/%.c | $(UNPACKED) $(B)/packages/check
	@mkdir -p $(@D)
	@echo "  test   $<"
	@$(CC) $(CPPFLAGS_ALL) $(HOST_CFLAGS) -c -o $@ $<

# What `make bench` measures with: the agent's part of a boot, what plays firmware for it, a watch, the load of a judge, the parsers.
BENCH_WRAP := tcti_open https_open https_send https_receive
BENCH_BOOT := $(filter-out agent/main agent/boot agent/enroll agent/luks_enroll agent/memory_overwrite,$(bootgate_OBJECTS))
BENCH_TOOLS := $(patsubst %,$(B)/bench/%,bootgate boot firmware stopwatch judge clients parse)
BENCH_CC    = mkdir -p $(@D) && $(CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(HOST_CFLAGS) -pie -Wl,--gc-sections -o $@
$(B)/bench/boot: tests/bench/boot.c $(BENCH_BOOT:%=$(B)/bench/%.o) $(THIRD_HOST)
	@echo "  link   $@"
	@$(BENCH_CC) $(BENCH_WRAP:%=-Wl,--wrap=%) $(filter-out %.a,$^) -Wl,--start-group $(THIRD_HOST) -Wl,--end-group
$(B)/bench/firmware: tests/bench/firmware.c $(patsubst %,$(B)/host/%.o,$(BASE) $(CRYPTO) $(EVENTLOG)) $(T)/host/libbearssl.a
	@echo "  link   $@"
	@$(BENCH_CC) $^
BENCH_MACHINE := tests/bench/machine.c $(patsubst %,$(B)/host/%.o,$(LIBRARY) $(STORE) verifier/frame $(NET))
$(B)/bench/judge $(B)/bench/clients: $(B)/bench/%: tests/bench/%.c tests/bench/machine.h $(BENCH_MACHINE) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
	@echo "  link   $@"
	@$(BENCH_CC) $(filter-out %.h,$^) -lsqlite3 -lconfuse -lpthread
$(B)/bench/parse: tests/bench/parse.c $(patsubst %,$(B)/host/%.o,$(BASE) $(CRYPTO) $(EVENTLOG) $(LUKS)) $(T)/host/libbearssl.a
	@echo "  link   $@"
	@$(BENCH_CC) $^
$(B)/bench/stopwatch: tests/bench/stopwatch.c
	@echo "  link   $@"
	@$(BENCH_CC) $^

# bootgated that tells in its log how much work each answer took.
COUNTED := store_machine_get public_verify hash_digest frame_encode_answer
$(B)/test/bootgated-counted: $(B)/test/verifier/hostile/counted.o $(bootgated_OBJECTS:%=$(B)/host/%.o) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
	@echo "  link   $@"
	@$(CC) -pie -Wl,--gc-sections $(COUNTED:%=-Wl,--wrap=%) -o $@ $^ $(bootgated_LIBS)
$(B)/test/test_strangers: $(B)/test/bootgated-counted

# What tests of a whole verifier use: honest machines, an attacker's connections, a wrong clock, what a file system has when the power goes.
VERIFIER_TOOLS := $(patsubst %,$(B)/test/verifier/%,load flood clock.so power.so)
$(B)/test/verifier/load: tests/verifier/load.c tests/bench/machine.h $(BENCH_MACHINE) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
	@echo "  link   $@"
	@$(BENCH_CC) $(filter-out %.h,$^) -lsqlite3 -lconfuse -lpthread
$(B)/test/verifier/flood: tests/verifier/flood.c
	@echo "  link   $@"
	@$(BENCH_CC) $^ -lssl -lcrypto
$(B)/test/verifier/%.so: tests/verifier/%.c
	@mkdir -p $(@D)
	@$(CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(HOST_CFLAGS) -shared -fPIC -o $@ $<

# What the cryptographic primitives allow: the bound that `make bench` compares with.
$(B)/bench_crypto: tests/bench/bench_crypto.c $(patsubst %,$(B)/host/%.o,$(BASE) $(CRYPTO) $(CRYPTO_SIGN)) $(T)/host/libbearssl.a
	@echo "  link   $@"
	@$(CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(HOST_CFLAGS) -pie -Wl,--gc-sections -o $@ $^

# --- tests ---------------------------------------------------------------------------------------------------------------

define unit_test
$(B)/test/$(1): $(B)/test/unit/$(1).o $$(patsubst %,$(B)/test/%.o,$$(sort $$(LIBRARY) $$($(1)_MORE))) $(THIRD_HOST)
	@echo "  link   $$@"
	@$(CC) -fsanitize=address,undefined $$($(1)_WRAP:%=-Wl,--wrap=%) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $(THIRD_HOST) -Wl,--end-group $(UNIT_LIBS)
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_test,$(t))))

# What tests start is built with them.
$(patsubst %,$(B)/test/%,test_replay test_rotation test_verifier): | $(B)/bootgated $(B)/bootgatectl

# Time for a software TPM, under the test's hand.
$(B)/test/clock.so: tests/unit/clock.c | $(B)/packages/check
	@mkdir -p $(@D)
	@echo "  link   $@"
	@$(CC) -std=c11 -D_GNU_SOURCE -O1 $(WARNINGS) -fPIC -shared -o $@ $<
$(B)/test/test_tpm: | $(B)/test/clock.so

# Between QEMU and swtpm.
$(B)/test-tpm-proxy: tests/qemu/tpm-proxy.c
	@echo "  link   $@"
	@$(CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(HOST_CFLAGS) -o $@ $<

# For long searches: tests/unit/test_NAME.c again, without the sanitizers.
LONG_TOOLS := $(B)/long/test_log_search
$(B)/long/%: tests/unit/%.c $(patsubst %,$(B)/host/%.o,$(LIBRARY)) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
	@mkdir -p $(@D)
	@echo "  link   $@"
	@$(CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(HOST_CFLAGS) -Wno-missing-prototypes -pie -Wl,--gc-sections -o $@ $^ -lcmocka -lconfuse

# Volumes and real mappings, inside of a virtual machine.
$(B)/test-mappings: tests/qemu/mappings.c $(patsubst %,$(B)/agent/%.o,$(BASE) $(CRYPTO) $(LUKS) agent/block agent/cryptsetup agent/mapping agent/opened agent/volume) $(T)/musl/libbearssl.a
	@echo "  link   $@"
	@$(MUSL_CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(AGENT_CFLAGS) -static -Wl,--gc-sections -o $@ $^

# A thief in a virtual machine, with the approval key.
$(B)/test-thief: tests/qemu/thief.c tests/unit/thief.h $(patsubst %,$(B)/agent/%.o,$(BASE) $(CRYPTO) $(CRYPTO_SIGN) $(STRUCTURES) $(TPM) store/keys) $(THIRD_MUSL)
	@echo "  link   $@"
	@$(MUSL_CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(AGENT_CFLAGS) -static -Wl,--gc-sections -o $@ $(filter-out %.h,$^)

# Fills encrypted disks without device mapper, for the virtual machines' tests.
$(B)/test-payload: tests/qemu/payload.c
	@mkdir -p $(@D)
	@echo "  link   $@"
	@$(CC) -std=c11 -O2 $(WARNINGS) -o $@ $< -lcrypto

# A machine's secrets, to be searched for.
$(B)/test-secrets: tests/qemu/secrets.c $(patsubst %,$(B)/host/%.o,$(LIBRARY) $(STORE)) $(T)/host/libbearssl.a $(T)/host/libtinycbor.a
	@echo "  link   $@"
	@$(CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(HOST_CFLAGS) -pie -Wl,--gc-sections -o $@ $^ -lsqlite3 -lconfuse

# Loaded into the agent by a test: it stops before it ends, so that its memory can be searched.
$(B)/test/stop.so: tests/unit/agent/stop.c | $(B)/packages/check
	@mkdir -p $(@D)
	@echo "  test   $<"
	@$(CC) -std=c11 -D_GNU_SOURCE -O2 $(WARNINGS) -Wno-missing-prototypes -shared -fPIC -o $@ $<

# The agent with sanitizers and with a TCTI for swtpm: for tests and figures on a host without a TPM. Never installed.
$(B)/test/bootgate: $(bootgate_OBJECTS:%=$(B)/test/%.o) $(THIRD_HOST)
	@echo "  link   $@"
	@$(CC) -fsanitize=address,undefined -o $@ $(filter %.o,$^) -Wl,--start-group $(THIRD_HOST) -Wl,--end-group
# The same, where there is no device mapper: tests/unit/agent/mapped.c stands for it.
MAPPED_WRAP := mapping_exists mapping_check cryptsetup_open cryptsetup_close
$(B)/test/bootgate-mapped: tests/unit/agent/mapped.c $(bootgate_OBJECTS:%=$(B)/test/%.o) $(THIRD_HOST)
	@echo "  link   $@"
	@$(CC) $(filter-out -MMD -MP,$(CPPFLAGS_ALL)) $(TEST_CFLAGS) -o $@ $(MAPPED_WRAP:%=-Wl,--wrap=%) $(filter %.c %.o,$^) \
		-Wl,--start-group $(THIRD_HOST) -Wl,--end-group
$(B)/bench/bootgate: $(bootgate_OBJECTS:%=$(B)/bench/%.o) $(THIRD_HOST)
	@echo "  link   $@"
	@$(CC) -pie -Wl,--gc-sections -o $@ $(filter %.o,$^) -Wl,--start-group $(THIRD_HOST) -Wl,--end-group
$(B)/bench/%.o: src/%.c | $(UNPACKED) $(B)/packages/check
	@mkdir -p $(@D)
	@echo "  bench  $<"
	@$(CC) $(CPPFLAGS_ALL) $(HOST_CFLAGS) -DTPM_WITH_SWTPM -c -o $@ $<

define fuzz_target
$(B)/fuzz/$(1): $(B)/fuzz/targets/$(1).o $$(patsubst %,$(B)/fuzz/%.o,$$(sort $$(LIBRARY) $$($(1)_MORE))) $(THIRD_FUZZ)
	@echo "  link   $$@"
	@$(CLANG) -fsanitize=fuzzer,address,undefined -o $$@ $$(filter %.o,$$^) -Wl,--start-group $(THIRD_FUZZ) -Wl,--end-group -lconfuse -lcrypto
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_target,$(f))))

compile_commands.json: Makefile
	@{ echo '['; find src -name '*.c' | sort | sed 's|.*|{"directory":"$(CURDIR)","file":"&","arguments":["$(CC)","-std=c11","-D_GNU_SOURCE","-DBOOTGATE_VERSION=\\"$(VERSION)\\"","-Isrc","-isystem","$(BEARSSL)/inc","-isystem","$(TINYCBOR)/src","-isystem","$(TSS)/include","-c","&"]},|' | sed '$$ s/,$$//'; echo ']'; } > $@

# What the virtual machines' tests bring along.
QEMU_TOOLS := $(patsubst %,$(B)/test-%,tpm-proxy mappings payload secrets thief)
qemu-tools: $(QEMU_TOOLS)

# What `make check` runs, in this order: NAME=COMMAND.
SCRIPTS   := $(sort $(wildcard tests/unit/*.sh) $(wildcard tests/verifier/*.sh))
FUZZ_RUNS := 20000
CHECKS_STILL = layers=tests/lint/layers.sh shellcheck=tests/lint/shellcheck.sh third-party=tests/lint/third-party.sh link-map=tests/lint/link-map.sh \
	'analyzer=tests/lint/analyzer.sh $(filter-out -MMD -MP -DBOOTGATE_VERSION%,$(CPPFLAGS_ALL)) -Wall -Wextra' \
	'fuzz=tests/fuzz/run $(FUZZ_RUNS) $(FUZZERS)'
# With + : one after the other. They share ports, loop devices, name spaces.
CHECKS_UNIT = $(foreach t,$(UNIT_TESTS),'+$(t)=CMOCKA_MESSAGE_OUTPUT=TAP $(B)/test/$(t)')
CHECKS_SCRIPTS = $(foreach s,$(SCRIPTS),'+$(notdir $(s))=$(s)')
CHECKS_QEMU = $(foreach s,$(sort $(wildcard tests/qemu/[0-9]*.sh)),'$(notdir $(s))=$(s)')

check-built: all $(HOSTILE) $(VERIFIER_TOOLS) $(B)/test/bootgate $(B)/test/bootgate-mapped $(B)/test/stop.so $(B)/test-secrets $(B)/bench/bootgate $(B)/bench/firmware compile_commands.json $(UNIT_TESTS:%=$(B)/test/%) $(FUZZERS:%=$(B)/fuzz/%) $(B)/packages/check

# All tests.
check: check-built $(QEMU_TOOLS) $(B)/packages/qemu
	@tests/run -j 2 $(CHECKS_STILL) $(CHECKS_UNIT) -j 3 $(CHECKS_SCRIPTS) $(CHECKS_QEMU)

# Without virtual machines.
check-fast: check-built
	@tests/run -j 2 $(CHECKS_STILL) $(CHECKS_UNIT) $(CHECKS_SCRIPTS)

check-qemu: all $(QEMU_TOOLS) $(B)/packages/qemu
	@tests/run -j 2 $(CHECKS_QEMU)

# What takes hours; its last run stands in docs/.
FUZZ_RUNS_LONG := 1000000
check-long: check-built $(QEMU_TOOLS) $(LONG_TOOLS) $(B)/packages/qemu
	@tests/run $(foreach s,$(sort $(wildcard tests/long/*.sh)),'$(notdir $(s))=$(s)') mutants=tests/mutants/run \
		'fuzz=tests/fuzz/run $(FUZZ_RUNS_LONG) $(FUZZERS)'

demo: all $(B)/packages/qemu
	@tests/qemu/demo.sh

bench: all $(B)/bench_crypto $(BENCH_TOOLS) $(B)/packages/bench $(B)/packages/check
	@tests/bench/run

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man7 \
		$(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/bootgate/policy $(DESTDIR)$(PREFIX)/share/bootgate/initramfs \
		$(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/share/doc/bootgate
	install -m 644 LICENSE README.md CHANGELOG.md docs/*.md $(DESTDIR)$(PREFIX)/share/doc/bootgate
	install -m 755 $(B)/bootgate $(B)/bootgated $(B)/bootgated-ekcert $(DESTDIR)$(PREFIX)/sbin
	install -m 755 $(B)/bootgatectl $(DESTDIR)$(PREFIX)/bin
	install -m 644 policy/*.conf $(DESTDIR)$(PREFIX)/share/bootgate/policy
	install -m 755 initramfs/build initramfs/init $(DESTDIR)$(PREFIX)/share/bootgate/initramfs
	install -m 644 initramfs/files $(DESTDIR)$(PREFIX)/share/bootgate/initramfs
	install -m 644 hooks/systemd/bootgated.service $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -D -m 644 hooks/systemd/bootgate.sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/bootgate.conf
	for page in docs/*.[578]; do install -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/; done

clean:
	rm -rf $(B) compile_commands.json
