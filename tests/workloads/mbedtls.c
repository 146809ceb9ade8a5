/* SPDX-License-Identifier: MIT */
/* The self-tests of mbed TLS that allocate, and a key exchange. */
#include <stdio.h>
#include <stdlib.h>

#include "mbedtls/bignum.h"
#include "mbedtls/ecdh.h"
#include "mbedtls/ecp.h"
#include "mbedtls/ecjpake.h"
#include "mbedtls/rsa.h"
#include "mbedtls/sha256.h"
#include "workload.h"

/* Numbers that are the same in each run: nobody's secret depends on them. */
static int some_bytes(void *state, unsigned char *out, size_t n)
{
	static unsigned long x = 1;

	(void)state;
	while (n-- != 0) {
		x = x * 1103515245 + 12345;
		*out++ = (unsigned char)(x >> 16);
	}
	return 0;
}

/* Both sides of a Diffie-Hellman exchange come to the same secret. */
static bool exchange(mbedtls_ecp_group_id curve)
{
	mbedtls_ecdh_context a, b;
	unsigned char message[200], one[80], two[80];
	size_t n, n_one = 0, n_two = 1;
	bool good = false;

	mbedtls_ecdh_init(&a);
	mbedtls_ecdh_init(&b);
	if (mbedtls_ecdh_setup(&a, curve) == 0 &&
	    mbedtls_ecdh_make_params(&a, &n, message, sizeof(message),
				     some_bytes, NULL) == 0) {
		const unsigned char *at = message;

		good = mbedtls_ecdh_read_params(&b, &at, message + n) == 0 &&
		       mbedtls_ecdh_make_public(&b, &n, message,
						sizeof(message), some_bytes,
						NULL) == 0 &&
		       mbedtls_ecdh_read_public(&a, message, n) == 0 &&
		       mbedtls_ecdh_calc_secret(&a, &n_one, one, sizeof(one),
						some_bytes, NULL) == 0 &&
		       mbedtls_ecdh_calc_secret(&b, &n_two, two, sizeof(two),
						some_bytes, NULL) == 0 &&
		       n_one == n_two;
		for (size_t i = 0; good && i < n_one; i++)
			good = one[i] == two[i];
	}
	mbedtls_ecdh_free(&a);
	mbedtls_ecdh_free(&b);
	return good;
}

bool workload(void)
{
	bool good = true;

	if (mbedtls_mpi_self_test(0) != 0)
		good = went_wrong("big numbers");
	if (mbedtls_rsa_self_test(0) != 0)
		good = went_wrong("RSA");
	if (mbedtls_ecp_self_test(0) != 0)
		good = went_wrong("elliptic curves");
	if (mbedtls_ecjpake_self_test(0) != 0)
		good = went_wrong("EC J-PAKE");
	if (mbedtls_sha256_self_test(0) != 0)
		good = went_wrong("SHA-256");
	if (!exchange(MBEDTLS_ECP_DP_SECP256R1) ||
	    !exchange(MBEDTLS_ECP_DP_CURVE25519))
		good = went_wrong("key exchange");
	return good;
}
