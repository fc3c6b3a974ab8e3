/* SPDX-License-Identifier: BSD-2-Clause */
/* Identify and logs of NVMe. */
#include "support/hzt.h"
#include "support/answers.h"
#include "device/nvme.h"
#include "hozen/device.h"

static uint8_t page[4096];

static void controller(void **state)
{
	struct nvme_controller c;

	(void)state;
	answer_nvme_controller(page);
	assert_true(nvme_controller_parse(&c, page, sizeof(page)));
	assert_string_equal(c.serial, "S4EWNX0R000001");
	assert_string_equal(c.model, "Samsung SSD 970 EVO Plus 1TB");
	assert_string_equal(c.firmware, "2B2QEXM7");
	assert_string_equal(c.subnqn, "nqn.1994-11.com.samsung:nvme:970:S4EWNX0R000001");
	assert_true(c.can == (HZ_CAN_NVME_CRYPTO | HZ_CAN_NVME_BLOCK | HZ_CAN_NVME_FORMAT | HZ_CAN_NVME_FORMAT_CRYPTO));
	assert_false(c.format_all || c.erase_all || c.manages_namespaces);
	/* Without the Format NVM command its crypto erase is none. */
	answer_le(page + 256, 0x0008, 2);
	answer_le(page + 328, 0x20000004, 4);
	page[524] = 0x07;
	assert_true(nvme_controller_parse(&c, page, sizeof(page)));
	assert_true(c.can == HZ_CAN_NVME_OVERWRITE && c.manages_namespaces && c.no_dealloc_inhibited);
	assert_true(c.format_all && c.erase_all);
	assert_false(nvme_controller_parse(&c, page, 4095));
	memset(page, 0, sizeof(page));
	assert_false(nvme_controller_parse(&c, page, sizeof(page)));
}

static void namespaces(void **state)
{
	struct nvme_namespace n;
	uint32_t count;

	(void)state;
	answer_nvme_namespace(page);
	assert_true(nvme_namespace_parse(&n, page, sizeof(page)));
	assert_true(n.blocks == 262144 && n.block_bytes == 4096 && n.format == 1 && n.metadata_bytes == 0);
	assert_string_equal(n.eui64, "0025385b71b00001");
	assert_string_equal(n.nguid, "");
	/* The upper bits of the index count only where there are that many formats. */
	page[26] = 0x61;
	assert_true(nvme_namespace_parse(&n, page, sizeof(page)));
	assert_int_equal(n.format, 1);
	page[25] = 63;
	assert_false(nvme_namespace_parse(&n, page, sizeof(page)));
	assert_int_equal(n.format, 49);
	memset(page, 0, sizeof(page));
	assert_false(nvme_namespace_parse(&n, page, sizeof(page)));
	assert_true(nvme_allocated_parse(&count, page, sizeof(page)));
	assert_int_equal(count, 0);
	answer_le(page, 1, 4);
	answer_le(page + 4, 5, 4);
	assert_true(nvme_allocated_parse(&count, page, sizeof(page)));
	assert_int_equal(count, 2);
	answer_le(page + 8, 5, 4);
	assert_false(nvme_allocated_parse(&count, page, sizeof(page)));
}

static void smart(void **state)
{
	struct nvme_smart s;

	(void)state;
	answer_nvme_smart(page);
	assert_true(nvme_smart_parse(&s, page, 512));
	assert_true(s.temperature_c == 42 && s.percent_used == 7 && s.power_on_hours == 4321 && s.media_errors == 5);
	answer_le(page + 1, 0, 2);
	page[168] = 1;
	assert_true(nvme_smart_parse(&s, page, 512));
	assert_true(s.temperature_c == INT32_MIN && s.media_errors == UINT64_MAX);
	assert_false(nvme_smart_parse(&s, page, 511));
}

static void sanitize_log(void **state)
{
	struct nvme_sanitize_log s;

	(void)state;
	answer_nvme_sanitize(page, 0x0101, 0x0a);
	assert_true(nvme_sanitize_parse(&s, page, 512));
	assert_true(s.state == NVME_SANITIZE_DONE && s.global_erased && s.sprog == 0xffff && s.scdw10 == 0x0a);
	assert_true(s.estimate[0] == UINT32_MAX && s.estimate[1] == 30 && s.estimate[2] == 2);
	answer_nvme_sanitize(page, 0x001a, 0x0b);
	assert_true(nvme_sanitize_parse(&s, page, 512));
	assert_true(s.state == NVME_SANITIZE_RUNS && s.passes == 3 && !s.global_erased);
	assert_false(nvme_sanitize_parse(&s, page, 31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(controller),
		cmocka_unit_test(namespaces),
		cmocka_unit_test(smart),
		cmocka_unit_test(sanitize_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
