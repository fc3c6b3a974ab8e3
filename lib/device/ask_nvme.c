/* SPDX-License-Identifier: BSD-2-Clause */
/* NVMe: admin commands that only read. */
#include "device/ask.h"
#include "device/nvme.h"
#include "base/codec.h"
#include "base/error.h"
#include <stdio.h>
#include <string.h>

#define ALL_NAMESPACES UINT32_C(0xffffffff)

static bool identify(struct link *l, uint8_t cns, uint32_t nsid, uint8_t *page)
{
	struct nvme_command c = { .opcode = NVME_IDENTIFY,
		.nsid = nsid,
		.cdw10 = cns,
		.data = LINK_FROM_DEVICE,
		.timeout_ms = ASK_TIMEOUT_MS };
	struct nvme_answer a = { 0 };

	memset(page, 0, NVME_IDENTIFY_LEN);
	return l->ops->nvme(l, &c, page, NVME_IDENTIFY_LEN, &a, NULL) == 0 && a.status == 0;
}

/* NUMDL in dwords less one; RAE, so that no event of another reader is lost. */
static bool get_log(struct link *l, uint8_t id, uint8_t *page)
{
	struct nvme_command c = { .opcode = NVME_GET_LOG,
		.nsid = ALL_NAMESPACES,
		.cdw10 = (uint32_t)id | UINT32_C(1) << 15 | (uint32_t)(NVME_LOG_LEN / 4 - 1) << 16,
		.data = LINK_FROM_DEVICE,
		.timeout_ms = ASK_TIMEOUT_MS };
	struct nvme_answer a = { 0 };

	memset(page, 0, NVME_LOG_LEN);
	return l->ops->nvme(l, &c, page, NVME_LOG_LEN, &a, NULL) == 0 && a.status == 0;
}

static void name_of(hz_device_info *info, const struct nvme_namespace *n)
{
	if (*n->nguid)
		(void)snprintf(info->wwn, sizeof(info->wwn), "eui.%s", n->nguid);
	else if (*n->eui64)
		(void)snprintf(info->wwn, sizeof(info->wwn), "eui.%s", n->eui64);
}

static void namespace_facts(struct link *l, hz_device_info *info, uint8_t *page)
{
	struct nvme_namespace n;

	if (!info->nsid || !identify(l, NVME_CNS_NAMESPACE, info->nsid, page) ||
		!nvme_namespace_parse(&n, page, NVME_IDENTIFY_LEN)) {
		info_not_known(info, err_text("the namespace"));
		return;
	}
	if (n.blocks != info->bytes / n.block_bytes) {
		info_not_known(info,
			err_text("the namespace has %llu blocks of %u bytes, which is not what the kernel shows"),
			(unsigned long long)n.blocks, n.block_bytes);
		return;
	}
	name_of(info, &n);
	if (n.write_protected)
		info->state |= HZ_STATE_READ_ONLY;
	if (n.metadata_bytes)
		info_not_known(info, err_text("%u bytes of metadata beside each block are not reached by writes"),
			n.metadata_bytes);
}

static void allocated(struct link *l, hz_device_info *info, uint8_t *page)
{
	uint32_t n;

	if (!identify(l, NVME_CNS_ALLOCATED, 0, page) || !nvme_allocated_parse(&n, page, NVME_IDENTIFY_LEN))
		info_not_known(info, err_text("how many namespaces are allocated"));
	else if (n > info->namespaces)
		info_not_known(
			info, err_text("%u namespaces are allocated, of which %u are seen here"), n, info->namespaces);
}

static void sanitize_state(struct link *l, hz_device_info *info, uint8_t *page)
{
	struct nvme_sanitize_log s;

	if (!get_log(l, NVME_LOG_SANITIZE, page) || !nvme_sanitize_parse(&s, page, NVME_LOG_LEN)) {
		info_not_known(info, err_text("whether a sanitize runs"));
		return;
	}
	if (s.state == NVME_SANITIZE_RUNS)
		info->state |= HZ_STATE_SANITIZE_RUNNING;
	else if (s.state == NVME_SANITIZE_FAILED)
		info->state |= HZ_STATE_SANITIZE_FAILED;
	/* Overwrite and block erase; 0 and all ones: no estimate. */
	info->estimate_s[3] = s.estimate[0] == UINT32_MAX ? 0 : s.estimate[0];
	info->estimate_s[2] = s.estimate[1] == UINT32_MAX ? 0 : s.estimate[1];
}

static void health(struct link *l, hz_device_info *info, uint8_t *page)
{
	struct nvme_smart s;

	if (!get_log(l, NVME_LOG_SMART, page) || !nvme_smart_parse(&s, page, NVME_LOG_LEN)) {
		info_not_known(info, err_text("SMART attributes"));
		return;
	}
	info->temperature_c = s.temperature_c;
	info->power_on_hours = s.power_on_hours;
	info->media_errors = s.media_errors;
	info->wear_percent = s.percent_used;
	/* Spare below threshold, reliability degraded, read-only, volatile memory backup failed; a temperature is no
	 * verdict. */
	info->health_ok = s.critical & 0x1d ? 2 : 1;
}

void ask_nvme(struct link *l, hz_device_info *info)
{
	uint8_t page[NVME_IDENTIFY_LEN];
	struct nvme_controller c;

	if (!identify(l, NVME_CNS_CONTROLLER, 0, page) || !nvme_controller_parse(&c, page, sizeof(page))) {
		info_not_known(info, err_text("what the controller can do"));
		return;
	}
	if (*info->serial && *c.serial && strcmp(info->serial, c.serial) != 0)
		info_not_known(
			info, err_text("the controller shows another serial number than the kernel: %s"), c.serial);
	if (*c.serial)
		(void)snprintf(info->serial, sizeof(info->serial), "%s", c.serial);
	if (*c.model)
		(void)snprintf(info->model, sizeof(info->model), "%s", c.model);
	if (*c.firmware)
		(void)snprintf(info->firmware, sizeof(info->firmware), "%s", c.firmware);
	info->can |= c.can;
	namespace_facts(l, info, page);
	if (c.manages_namespaces)
		allocated(l, info, page);
	if (c.sanicap & 7)
		sanitize_state(l, info, page);
	health(l, info, page);
}
