# SPDX-License-Identifier: ISC
# tpm2-tss without its configure: the files that bootgate needs, relative to the unpacked tree.  Only the commands that
# src/tpm/ sends are in it; a command that is missing here is an undefined reference at link time.

TSS_COMMANDS := ActivateCredential Create CreatePrimary EvictControl FlushContext GetCapability GetSessionAuditDigest Load \
                LoadExternal NV_DefineSpace NV_Read NV_ReadPublic NV_UndefineSpace NV_Write NV_WriteLock PCR_Event PCR_Read \
                PolicyAuthorize PolicyPCR PolicyRestart PolicySecret PolicySigned Quote ReadPublic StartAuthSession VerifySignature
TSS_PLUMBING := Execute Finalize GetCommandCode GetContextSize GetCpBuffer GetDecryptParam GetEncryptParam GetRpBuffer \
                GetRspAuths GetTctiContext Initialize SetCmdAuths SetDecryptParam SetEncryptParam
TSS_SOURCES  := $(patsubst %,src/tss2-mu/%-types.c,base tpm2b tpma tpml tpms tpmt tpmu) \
                $(patsubst %,src/tss2-esys/esys_%.c,context crypto free iutil mu tr) \
                $(TSS_COMMANDS:%=src/tss2-esys/api/Esys_%.c) \
                src/tss2-sys/sysapi_util.c $(patsubst %,src/tss2-sys/api/Tss2_Sys_%.c,$(TSS_COMMANDS) $(TSS_PLUMBING))

TSS_CFLAGS = -DHAVE_CONFIG_H -Ithird_party/tpm2-tss -I$(TSS)/include -I$(TSS)/include/tss2 -I$(TSS)/src -I$(TSS)/src/tss2-esys \
             -I$(TSS)/src/tss2-mu -I$(TSS)/src/tss2-sys -I$(TSS)/src/util
