/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of RFC 6962: the roots that implementations of Certificate Transparency share, and proofs for every leaf. */
#include "support/hzt.h"
#include "report/merkle.h"

#define N 70

static const struct {
	const char *leaf;
	size_t len;
	const char *root; /* with all before */
} known[] = {
	{ "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void test_the_roots_that_others_have(void **state)
{
	struct merkle m = { .n = 0 };
	struct id root = merkle_root(&m);

	(void)state;
	assert_string_equal(id_hex(&root).s, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct id leaf = merkle_leaf(known[i].leaf, known[i].len);

		merkle_add(&m, &leaf);
		root = merkle_root(&m);
		assert_string_equal(id_hex(&root).s, known[i].root);
	}
}

static void leaves_of(struct id leaves[N])
{
	for (uint8_t i = 0; i < N; i++)
		leaves[i] = merkle_leaf(&i, 1);
}

static void test_every_leaf_has_a_proof_and_no_other(void **state)
{
	struct id leaves[N], proof[MERKLE_DEPTH];

	(void)state;
	leaves_of(leaves);
	for (uint64_t n = 1; n <= N; n++) {
		struct merkle m = { .n = 0 };
		struct id root;

		for (uint64_t i = 0; i < n; i++)
			merkle_add(&m, &leaves[i]);
		root = merkle_root(&m);
		for (uint64_t i = 0; i < n; i++) {
			size_t len = merkle_prove(proof, leaves, n, i);

			assert_true(merkle_proof_is_good(proof, len, &leaves[i], i, n, &root));
			assert_false(merkle_proof_is_good(proof, len, &leaves[(i + 1) % N], i, n, &root));
			assert_false(merkle_proof_is_good(proof, len, &leaves[i], n, n, &root));
			if (len > 0) {
				assert_false(merkle_proof_is_good(proof, len - 1, &leaves[i], i, n, &root));
				proof[len / 2].b[7] ^= 4;
				assert_false(merkle_proof_is_good(proof, len, &leaves[i], i, n, &root));
			}
			for (uint64_t j = 0; j < n; j++) {
				if (j != i && len > 0) {
					(void)merkle_prove(proof, leaves, n, i);
					assert_false(merkle_proof_is_good(proof, len, &leaves[i], j, n, &root));
				}
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_roots_that_others_have),
		cmocka_unit_test(test_every_leaf_has_a_proof_and_no_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
