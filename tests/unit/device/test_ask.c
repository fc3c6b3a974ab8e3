/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of a device, and what is made of what it answers or does not: by a model behind the link. */
#include "support/hzt.h"
#include "support/answers.h"
#include "device/ask.h"
#include "device/ata.h"
#include "device/nvme.h"
#include "device/scsi.h"

struct model {
	struct link link; /* first */
	uint8_t page[4096], smart[512], dco[512], namespace[4096], log[512];
	bool no_ata, no_registers, no_high, dead;
	uint64_t native_max;
	struct ata_answer sanitize;
	uint32_t smart_lba;
	unsigned changing;        /* commands that could change something: must stay 0 */
	uint8_t sanitize_actions; /* bit n: SCSI service action n is known */
	bool no_report;
	struct {
		uint8_t key, asc, ascq;
	} sense;
};

static int data_in(const struct model *m, void *to, const void *from, size_t len)
{
	if (m->dead)
		return HZ_E_IO;
	memcpy(to, from, len);
	return 0;
}

static int model_ata(
	struct link *l, const struct ata_command *c, void *data, size_t len, struct ata_answer *a, hz_error **err)
{
	struct model *m = (struct model *)l;

	(void)err;
	if (m->no_ata)
		return HZ_E_UNSUPPORTED;
	if (c->command == ATA_IDENTIFY_DEVICE)
		return data_in(m, data, m->page, len);
	if (c->command == ATA_SMART && c->feature == ATA_SMART_READ_DATA)
		return c->lba == 0xc24f00 ? data_in(m, data, m->smart, len) : HZ_E_IO;
	if (c->command == ATA_DCO && c->feature == ATA_DCO_IDENTIFY)
		return data_in(m, data, m->dco, len);
	if (c->data != LINK_NO_DATA || m->dead)
		return HZ_E_IO;
	memset(a, 0, sizeof(*a));
	a->has_registers = !m->no_registers;
	a->has_high = c->ext && !m->no_high && a->has_registers;
	a->status = 0x50;
	if (c->command == ATA_READ_NATIVE_MAX_EXT && c->ext) {
		a->lba = m->native_max;
	} else if (c->command == ATA_SANITIZE && c->ext && c->feature == 0 && c->count == 0 && c->lba == 0) {
		a->count = m->sanitize.count, a->lba = m->sanitize.lba;
		a->error = m->sanitize.error, a->status = m->sanitize.status;
	} else if (c->command == ATA_SMART && c->feature == ATA_SMART_STATUS) {
		a->lba = m->smart_lba;
	} else if (c->command == ATA_ACCESSIBLE_MAX && c->feature == 0) {
		a->lba = m->native_max;
	} else {
		m->changing++;
	}
	return 0;
}

static int scsi_page(const struct model *m, const uint8_t *cdb, uint8_t *out)
{
	if (cdb[0] == SCSI_INQUIRY && cdb[1] == 1 && cdb[2] == 0x80) {
		memcpy(out, "\0\x80\0\x06ZC1001", 10);
	} else if (cdb[0] == SCSI_INQUIRY && cdb[1] == 1 && cdb[2] == 0xb1) {
		memcpy(out, "\0\xb1\0\x3c\x1c\x20", 6);
	} else if (cdb[0] == SCSI_INQUIRY && cdb[1] == 0) {
		memcpy(out, "\0\0\6\2\x1f\0\0\0SEAGATE ST4000NM0025    N004", 36);
	} else if (cdb[0] == SCSI_MAINTENANCE_IN && cdb[1] == 0x0c && cdb[3] == SCSI_SANITIZE && !m->no_report) {
		out[1] = m->sanitize_actions & 1u << cdb[5] ? 3 : 1;
	} else if (cdb[0] == SCSI_LOG_SENSE && cdb[2] == 0x40) {
		memcpy(out, "\0\0\0\3\0\x0d\x2f", 7);
	} else if (cdb[0] == SCSI_LOG_SENSE && cdb[2] == 0x4d) {
		memcpy(out, "\x0d\0\0\6\0\0\3\2\0\x29", 10);
	} else if (cdb[0] == SCSI_LOG_SENSE && cdb[2] == 0x6f) {
		memcpy(out, "\x2f\0\0\6\0\0\3\2\0\0", 10);
	} else if (cdb[0] == SCSI_REQUEST_SENSE) {
		out[0] = 0x72, out[1] = m->sense.key, out[2] = m->sense.asc, out[3] = m->sense.ascq;
	} else {
		return -1;
	}
	return 0;
}

static int model_scsi(
	struct link *l, const struct scsi_command *c, void *data, size_t len, struct scsi_answer *a, hz_error **err)
{
	struct model *m = (struct model *)l;
	uint8_t out[256] = { 0 };

	(void)err;
	if (m->dead)
		return HZ_E_IO;
	m->changing += c->data != LINK_FROM_DEVICE;
	memset(a, 0, sizeof(*a));
	if (scsi_page(m, c->cdb, out) < 0)
		a->status = 2, a->has_sense = true, a->key = 5, a->asc = 0x20;
	memcpy(data, out, len < sizeof(out) ? len : sizeof(out));
	return 0;
}

static int model_nvme(
	struct link *l, const struct nvme_command *c, void *data, size_t len, struct nvme_answer *a, hz_error **err)
{
	struct model *m = (struct model *)l;
	uint8_t id = (uint8_t)c->cdw10;

	(void)err;
	if (m->dead)
		return HZ_E_IO;
	a->status = 0;
	if (c->opcode == NVME_IDENTIFY && id == NVME_CNS_CONTROLLER)
		return data_in(m, data, m->page, len);
	if (c->opcode == NVME_IDENTIFY && id == NVME_CNS_NAMESPACE && c->nsid == 1)
		return data_in(m, data, m->namespace, len);
	if (c->opcode == NVME_GET_LOG && len == 512 && c->cdw10 >> 16 == 127 && id == NVME_LOG_SMART)
		return data_in(m, data, m->smart, len);
	if (c->opcode == NVME_GET_LOG && len == 512 && id == NVME_LOG_SANITIZE)
		return data_in(m, data, m->log, len);
	m->changing += c->opcode != NVME_IDENTIFY && c->opcode != NVME_GET_LOG;
	a->status = 2;
	return 0;
}

static const struct link_ops ops = { .ata = model_ata, .scsi = model_scsi, .nvme = model_nvme };

static struct model new_model(uint32_t transport, hz_device_info *info)
{
	struct model m = { .link = { .ops = &ops }, .smart_lba = 0xc24f00, .native_max = 1953525167 };

	m.sanitize.status = 0x50;
	info_init(info);
	info->transport = transport;
	info->bytes = UINT64_C(1953525168) * 512;
	info->logical_sector = 512;
	(void)snprintf(info->path, sizeof(info->path), "/dev/sdx");
	if (transport == HZ_TRANSPORT_NVME) {
		info->bytes = UINT64_C(262144) * 4096;
		info->nsid = info->namespaces = 1;
		answer_nvme_controller(m.page);
		answer_nvme_namespace(m.namespace);
		answer_nvme_smart(m.smart);
		answer_nvme_sanitize(m.log, 0, 0);
	} else {
		answer_ata_identify(m.page);
		answer_ata_smart(m.smart);
		answer_ata_dco(m.dco, 1953525167);
	}
	return m;
}

static void an_ata_disk_tells_everything(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_ATA, &d);

	(void)state;
	ask_device(&m.link, &d);
	assert_int_equal(m.changing, 0);
	assert_string_equal(d.serial, "WD-WCC4N0000001");
	assert_true(d.medium == HZ_MEDIUM_MAGNETIC && (d.can & HZ_CAN_ATA_BLOCK_ERASE));
	assert_true(d.hidden.hpa == HZ_HIDDEN_NONE && d.hidden.dco == HZ_HIDDEN_NONE && d.hidden.ama == HZ_HIDDEN_NONE);
	assert_true(d.hidden.native_sectors == 1953525168 && d.hidden.dco_sectors == 1953525168);
	assert_true(d.temperature_c == 31 && d.power_on_hours == 1234 && d.health_ok == 1 && d.pending_sectors == 2);
	assert_true(d.estimate_s[0] == 56 * 120 && d.estimate_s[1] == 64 * 120);
	assert_string_equal(d.not_known, "");
}

static void hidden_areas_are_found(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_ATA, &d);

	(void)state;
	m.native_max += 2048;
	answer_ata_dco(m.dco, m.native_max + 4096);
	ask_device(&m.link, &d);
	assert_true(d.hidden.hpa == HZ_HIDDEN_PRESENT && d.hidden.dco == HZ_HIDDEN_PRESENT);
	/* Fewer than are addressable makes no sense. */
	m = new_model(HZ_TRANSPORT_ATA, &d);
	m.native_max -= 10;
	ask_device(&m.link, &d);
	assert_int_equal(d.hidden.hpa, HZ_HIDDEN_UNCLEAR);
}

static void a_dco_that_tells_nothing_is_not_looked(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_ATA, &d);

	(void)state;
	answer_ata_dco(m.dco, 1);
	ask_device(&m.link, &d);
	assert_int_equal(d.hidden.dco, HZ_HIDDEN_NOT_LOOKED);
	assert_non_null(strstr(d.not_known, "overlay"));
}

/* A bridge or HBA that strips the registers: nothing of it may read as "no". */
static void without_registers_nothing_is_clear(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_ATA, &d);

	(void)state;
	for (int only_high = 0; only_high < 2; only_high++) {
		m = new_model(HZ_TRANSPORT_ATA, &d);
		m.no_registers = !only_high;
		m.no_high = true;
		ask_device(&m.link, &d);
		assert_int_equal(d.hidden.hpa, HZ_HIDDEN_UNCLEAR);
		assert_non_null(strstr(d.not_known, "whether a sanitize runs"));
		assert_int_equal(d.health_ok, only_high ? 1 : 0);
	}
}

static void a_running_sanitize_is_seen_and_nothing_else_asked(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_ATA, &d);

	(void)state;
	m.sanitize.count = 0x4000;
	ask_device(&m.link, &d);
	assert_int_equal(d.state, HZ_STATE_SANITIZE_RUNNING);
	assert_int_equal(d.hidden.native_sectors, 0);
	m = new_model(HZ_TRANSPORT_ATA, &d);
	m.sanitize.status = 0x51, m.sanitize.error = 4, m.sanitize.lba = 1;
	ask_device(&m.link, &d);
	assert_int_equal(d.state, HZ_STATE_SANITIZE_FAILED);
	m = new_model(HZ_TRANSPORT_ATA, &d);
	m.sanitize.count = 0x2000;
	ask_device(&m.link, &d);
	assert_int_equal(d.state, HZ_STATE_SANITIZE_FROZEN);
}

static void a_failing_disk_says_so(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_ATA, &d);

	(void)state;
	m.smart_lba = 0x2cf400;
	ask_device(&m.link, &d);
	assert_int_equal(d.health_ok, 2);
	m = new_model(HZ_TRANSPORT_ATA, &d);
	m.smart_lba = 0;
	ask_device(&m.link, &d);
	assert_int_equal(d.health_ok, 0);
}

static void behind_a_bridge_both_identities_are_kept(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_USB, &d);

	(void)state;
	(void)snprintf(d.serial, sizeof(d.serial), "000000000001");
	(void)snprintf(d.bridge_serial, sizeof(d.bridge_serial), "000000000001");
	ask_device(&m.link, &d);
	assert_string_equal(d.serial, "WD-WCC4N0000001");
	assert_string_equal(d.bridge_serial, "000000000001");
	assert_int_equal(d.medium, HZ_MEDIUM_MAGNETIC);
	/* A stick is not asked for what it cannot be. */
	m = new_model(HZ_TRANSPORT_USB, &d);
	d.removable = 1;
	d.medium = HZ_MEDIUM_CARD;
	ask_device(&m.link, &d);
	assert_int_equal(d.medium, HZ_MEDIUM_CARD);
	assert_true(!(d.can & HZ_CAN_ATA_SECURITY));
}

static void a_disk_that_is_larger_than_its_bridge_shows_is_told(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_USB, &d);

	(void)state;
	d.bytes /= 2;
	ask_device(&m.link, &d);
	assert_non_null(strstr(d.not_known, "within reach"));
}

static void a_scsi_disk(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_SCSI, &d);

	(void)state;
	m.sanitize_actions = 1u << SCSI_SANITIZE_CRYPTO | 1u << SCSI_SANITIZE_OVERWRITE;
	ask_device(&m.link, &d);
	assert_int_equal(m.changing, 0);
	assert_string_equal(d.serial, "ZC1001");
	assert_string_equal(d.model, "SEAGATE ST4000NM0025");
	assert_true(d.can == (HZ_CAN_SCSI_CRYPTO | HZ_CAN_SCSI_OVERWRITE));
	assert_true(d.medium == HZ_MEDIUM_MAGNETIC && d.temperature_c == 41 && d.health_ok == 1);
	assert_int_equal(d.state, 0);
}

static void without_a_report_of_commands_sanitize_is_not_known(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_SCSI, &d);

	(void)state;
	m.no_report = true;
	m.sanitize_actions = 0xff;
	ask_device(&m.link, &d);
	assert_true(d.can == 0);
	assert_non_null(strstr(d.not_known, "SANITIZE"));
}

static void a_scsi_sanitize_is_seen(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_SCSI, &d);

	(void)state;
	m.sense.key = 2, m.sense.asc = 0x04, m.sense.ascq = 0x1b;
	ask_device(&m.link, &d);
	assert_int_equal(d.state, HZ_STATE_SANITIZE_RUNNING);
	m = new_model(HZ_TRANSPORT_SCSI, &d);
	m.sense.key = 3, m.sense.asc = 0x31, m.sense.ascq = 0x03;
	ask_device(&m.link, &d);
	assert_int_equal(d.state, HZ_STATE_SANITIZE_FAILED);
}

static void an_nvme_disk(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_NVME, &d);

	(void)state;
	ask_device(&m.link, &d);
	assert_int_equal(m.changing, 0);
	assert_string_equal(d.serial, "S4EWNX0R000001");
	assert_string_equal(d.wwn, "eui.0025385b71b00001");
	assert_true((d.can & HZ_CAN_NVME_BLOCK) && (d.can & HZ_CAN_NVME_CRYPTO) && !(d.can & HZ_CAN_NVME_OVERWRITE));
	assert_true(d.temperature_c == 42 && d.wear_percent == 7 && d.media_errors == 5 && d.health_ok == 1);
	assert_true(d.estimate_s[2] == 30 && d.estimate_s[3] == 0 && d.state == 0);
	assert_string_equal(d.not_known, "");
	answer_nvme_sanitize(m.log, 2, 10);
	m.smart[0] = 0x08;
	ask_device(&m.link, &d);
	assert_true(d.state == HZ_STATE_SANITIZE_RUNNING && d.health_ok == 2);
	answer_nvme_sanitize(m.log, 3, 10);
	info_init(&d);
	d.transport = HZ_TRANSPORT_NVME;
	ask_device(&m.link, &d);
	assert_int_equal(d.state, HZ_STATE_SANITIZE_FAILED);
}

/* A dead device tells nothing: the kernel's facts stay, and nothing is made up. */
static void a_device_that_does_not_answer_keeps_what_the_kernel_told(void **state)
{
	static const uint32_t kinds[] = { HZ_TRANSPORT_ATA, HZ_TRANSPORT_SCSI, HZ_TRANSPORT_NVME, HZ_TRANSPORT_USB };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		hz_device_info d;
		struct model m = new_model(kinds[i], &d);

		m.dead = true;
		(void)snprintf(d.serial, sizeof(d.serial), "S1");
		ask_device(&m.link, &d);
		assert_string_equal(d.serial, "S1");
		assert_true(d.can == 0 && d.state == 0 && d.health_ok == 0 && d.temperature_c == INT32_MIN);
		assert_true(*d.not_known);
		assert_int_equal(d.hidden.hpa, HZ_HIDDEN_NOT_LOOKED);
	}
}

static void what_cannot_be_asked_is_left_alone(void **state)
{
	hz_device_info d;
	struct model m = new_model(HZ_TRANSPORT_LOOP, &d);

	(void)state;
	m.dead = true;
	ask_device(&m.link, &d);
	assert_string_equal(d.not_known, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ata_disk_tells_everything),
		cmocka_unit_test(hidden_areas_are_found),
		cmocka_unit_test(a_dco_that_tells_nothing_is_not_looked),
		cmocka_unit_test(without_registers_nothing_is_clear),
		cmocka_unit_test(a_running_sanitize_is_seen_and_nothing_else_asked),
		cmocka_unit_test(a_failing_disk_says_so),
		cmocka_unit_test(behind_a_bridge_both_identities_are_kept),
		cmocka_unit_test(a_disk_that_is_larger_than_its_bridge_shows_is_told),
		cmocka_unit_test(a_scsi_disk),
		cmocka_unit_test(without_a_report_of_commands_sanitize_is_not_known),
		cmocka_unit_test(a_scsi_sanitize_is_seen),
		cmocka_unit_test(an_nvme_disk),
		cmocka_unit_test(a_device_that_does_not_answer_keeps_what_the_kernel_told),
		cmocka_unit_test(what_cannot_be_asked_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
