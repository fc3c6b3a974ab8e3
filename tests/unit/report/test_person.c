/* SPDX-License-Identifier: BSD-2-Clause */
/* Two persons or one, and the text of an approval. */
#include "support/hzt.h"
#include "report/approval.h"
#include "report/person.h"

static bool same(const char *a, const char *a_host, const char *b, const char *b_host)
{
	const char *texts[] = { a, a_host, b, b_host };
	struct json_value *v[4] = { NULL };
	bool is;

	for (int i = 0; i < 4; i++)
		assert_int_equal(json_read(&v[i], texts[i], strlen(texts[i]), NULL), 0);
	is = person_is_same(v[0], v[1], v[2], v[3]);
	for (int i = 0; i < 4; i++)
		json_read_free(v[i]);
	return is;
}

#define HERE  "{\"machine\":\"aa\"}"
#define THERE "{\"machine\":\"bb\"}"
#define SATO  "{\"name\":\"sato\",\"login\":\"sato\",\"uid\":1001,\"sudo_from\":null}"
#define MORI  "{\"name\":\"mori\",\"login\":\"mori\",\"uid\":1002,\"sudo_from\":null}"

static void two_logins_are_two(void **state)
{
	(void)state;
	assert_false(same(SATO, HERE, MORI, HERE));
	assert_false(same(SATO, HERE, MORI, THERE));
	assert_true(same(SATO, HERE, SATO, THERE));
}

static void a_name_that_somebody_gave_himself_does_not_help(void **state)
{
	(void)state;
	/* Another name, the same uid on the same machine. */
	assert_true(same(SATO, HERE, "{\"name\":\"mori\",\"login\":\"sato\",\"uid\":1001,\"sudo_from\":null}", HERE));
	/* The same number elsewhere is anybody's. */
	assert_false(same(SATO, HERE, "{\"name\":\"mori\",\"login\":\"mori\",\"uid\":1001,\"sudo_from\":null}", THERE));
	assert_true(same(SATO, HERE, "{\"name\":\"Sato\",\"login\":\"x\",\"uid\":7,\"sudo_from\":null}", THERE));
}

static void root_is_many_by_sudo(void **state)
{
	(void)state;
#define ROOT(name, from) "{\"name\":\"" name "\",\"login\":\"root\",\"uid\":0,\"sudo_from\":" from "}"
	assert_false(same(ROOT("root", "\"sato\""), HERE, ROOT("root", "\"mori\""), HERE));
	assert_true(same(ROOT("root", "\"sato\""), HERE, ROOT("root", "\"sato\""), HERE));
	assert_true(same(ROOT("root", "\"sato\""), HERE, SATO, HERE));
	assert_true(same(ROOT("a", "null"), HERE, ROOT("b", "null"), HERE));
	assert_true(same(ROOT("root", "null"), HERE, ROOT("root", "null"), THERE));
}

static void who_says_nothing_is_everybody(void **state)
{
	(void)state;
	assert_true(same("{}", HERE, SATO, HERE));
	assert_true(same(SATO, THERE, "{\"name\":null,\"login\":null,\"uid\":5}", HERE));
}

static void principals_are_whole_names(void **state)
{
	(void)state;
	assert_true(person_is_one_of("sato", "sato"));
	assert_true(person_is_one_of("mori,Sato", "sato"));
	assert_false(person_is_one_of("satoko,mori", "sato"));
	assert_false(person_is_one_of("", "sato"));
}

static int parse(struct approval_text *a, char *room, const char *text)
{
	(void)snprintf(room, 512, "%s", text);
	return approval_parse(a, room, NULL);
}

static void an_approval_is_read_strictly(void **state)
{
	static const char *const bad[] = { "", "hozen-approval-v2\ngoal: clear\ndevice: A\n", "hozen-approval-v1\n",
		"hozen-approval-v1\ngoal: clear\n", "hozen-approval-v1\ndevice: A\n",
		"hozen-approval-v1\ngoal: clear\ngoal: purge\ndevice: A\n",
		"hozen-approval-v1\ngoal: clear\ndevice: \n",
		"hozen-approval-v1\ngoal: clear\ndevice: A\nuntil: tomorrow\n",
		"hozen-approval-v1\ngoal: clear\ndevice: A\nuntil: 2026-12-31T00:00:00Z \n",
		"hozen-approval-v1\ngoal: clear\ndevice: A\n\n",
		"hozen-approval-v1\ngoal: clear\ndevice: A\nnote: x\n" };
	struct approval_text a;
	char room[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(&a, room, bad[i]), HZ_E_CORRUPT);
	assert_int_equal(
		parse(&a, room,
			"hozen-approval-v1\ngoal: clear\ndevice: A\ndevice: B C\nuntil: 2026-12-31T00:00:00Z\n"),
		0);
	assert_string_equal(a.goal, "clear");
	assert_true(a.n == 2 && approval_names(&a, "B C") && approval_names(&a, "A") && !approval_names(&a, "B"));
	assert_true(a.has_until && a.until == 1798675200);
	/* Without a line feed at its end. */
	assert_int_equal(parse(&a, room, "hozen-approval-v1\ngoal: purge\ndevice: A"), 0);
}

static void too_many_devices_are_refused(void **state)
{
	struct approval_text a;
	char *text = calloc(1, 16384);
	size_t len;

	(void)state;
	assert_non_null(text);
	len = (size_t)snprintf(text, 16384, "hozen-approval-v1\ngoal: clear\n");
	for (unsigned i = 0; i <= APPROVAL_DEVICES; i++)
		len += (size_t)snprintf(text + len, 16384 - len, "device: %u\n", i);
	assert_int_equal(approval_parse(&a, text, NULL), HZ_E_CORRUPT);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_logins_are_two),
		cmocka_unit_test(a_name_that_somebody_gave_himself_does_not_help),
		cmocka_unit_test(root_is_many_by_sudo),
		cmocka_unit_test(who_says_nothing_is_everybody),
		cmocka_unit_test(principals_are_whole_names),
		cmocka_unit_test(an_approval_is_read_strictly),
		cmocka_unit_test(too_many_devices_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
