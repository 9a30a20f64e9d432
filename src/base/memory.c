/* SPDX-License-Identifier: ISC */
#include "base/memory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void
memory_wipe(void *p, size_t n)
{
	if (n > 0)
		memset(p, 0, n);
	__asm__ __volatile__("" : : "r"(p) : "memory");
}

bool
memory_equal(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < n; i++)
		differ = (uint8_t)(differ | (x[i] ^ y[i]));
	return differ == 0;
}

enum status
memory_protect(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ? OK : E_PERMISSION;
}
