/* SPDX-License-Identifier: BSD-2-Clause */
/* What is printed comes from devices and paths: through text_put, always. */
#include "erase/device_print.h"
#include "common/i18n.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 80
#define LABEL 16

struct lines {
	bool escape;
	size_t column; /* 0: nothing of this line was printed */
};

static void begin(struct lines *l, const char *label)
{
	(void)fputs("  ", stdout);
	text_pad(stdout, label, LABEL - 2);
	l->column = LABEL;
}

static void end(struct lines *l)
{
	(void)fputc('\n', stdout);
	l->column = 0;
}

/* Words go on the next line where they do not fit; one that fits no line is printed whole. */
static void words(struct lines *l, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		char word[512];

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, text);
		if (l->column > LABEL && l->column + 1 + text_width(word) > WIDTH) {
			end(l);
			begin(l, "");
		}
		if (l->column > LABEL) {
			(void)fputc(' ', stdout);
			l->column++;
		}
		text_put(stdout, word, strlen(word), l->escape);
		l->column += text_width(word);
		text += len + strspn(text + len, " ");
	}
}

static void line(struct lines *l, const char *label, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void line(struct lines *l, const char *label, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	begin(l, label);
	words(l, text);
	end(l);
}

/* ", " between what is added. */
static void add(char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(char *out, size_t cap, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	if (len > 0 && len + 3 < cap) {
		memcpy(out + len, ", ", 3);
		len += 2;
	}
	va_start(ap, fmt);
	(void)vsnprintf(out + len, cap - len, fmt, ap);
	va_end(ap);
}

static const char *medium_text(uint32_t medium)
{
	switch (medium) {
	case HZ_MEDIUM_MAGNETIC:
		return _("magnetic");
	case HZ_MEDIUM_FLASH:
		return _("flash");
	case HZ_MEDIUM_CARD:
		return _("card or stick");
	case HZ_MEDIUM_VIRTUAL:
		return _("virtual");
	default:
		return _("unknown medium");
	}
}

static void heading(struct lines *l, const hz_device_info *d)
{
	char size[TEXT_SHORT];

	text_put(stdout, d->path, strlen(d->path), l->escape);
	printf("  %s  %s, %s", text_bytes(size, d->bytes), medium_text(d->medium), hz_transport_name(d->transport));
	printf("  %s\n", d->obstacles ? _("may NOT be erased") : _("may be erased"));
}

static void can_line(struct lines *l, const hz_device_info *d)
{
	static const struct {
		uint64_t bit;
		const char *text;
	} names[] = {
		{ HZ_CAN_WRITE, N_("overwrite") },
		{ HZ_CAN_DISCARD, N_("discard") },
		{ HZ_CAN_WRITE_ZEROES, N_("write zeroes") },
		{ HZ_CAN_ATA_SECURITY, N_("ATA security erase") },
		{ HZ_CAN_ATA_ENHANCED, N_("ATA enhanced security erase") },
		{ HZ_CAN_ATA_CRYPTO_SCRAMBLE, N_("ATA sanitize crypto") },
		{ HZ_CAN_ATA_BLOCK_ERASE, N_("ATA sanitize block") },
		{ HZ_CAN_ATA_OVERWRITE, N_("ATA sanitize overwrite") },
		{ HZ_CAN_SCSI_CRYPTO, N_("SCSI sanitize crypto") },
		{ HZ_CAN_SCSI_BLOCK, N_("SCSI sanitize block") },
		{ HZ_CAN_SCSI_OVERWRITE, N_("SCSI sanitize overwrite") },
		{ HZ_CAN_NVME_CRYPTO, N_("NVMe sanitize crypto") },
		{ HZ_CAN_NVME_BLOCK, N_("NVMe sanitize block") },
		{ HZ_CAN_NVME_OVERWRITE, N_("NVMe sanitize overwrite") },
		{ HZ_CAN_NVME_FORMAT, N_("NVMe format") },
		{ HZ_CAN_NVME_FORMAT_CRYPTO, N_("NVMe format crypto") },
		{ HZ_CAN_OPAL, N_("Opal") },
	};
	char text[600] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (d->can & names[i].bit)
			add(text, sizeof(text), "%s", _(names[i].text));
	line(l, _("supports"), "%s", *text ? text : _("nothing"));
}

static void state_line(struct lines *l, const hz_device_info *d)
{
	static const struct {
		uint32_t bit;
		const char *text;
	} names[] = {
		{ HZ_STATE_SECURITY_ENABLED, N_("a password is set") },
		{ HZ_STATE_SECURITY_LOCKED, N_("locked") },
		{ HZ_STATE_SECURITY_FROZEN, N_("security frozen") },
		{ HZ_STATE_SECURITY_EXPIRED, N_("password tries used up") },
		{ HZ_STATE_SANITIZE_FROZEN, N_("sanitize frozen") },
		{ HZ_STATE_SANITIZE_RUNNING, N_("a sanitize runs") },
		{ HZ_STATE_SANITIZE_FAILED, N_("the last sanitize failed") },
	};
	char text[300] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (d->state & names[i].bit)
			add(text, sizeof(text), "%s", _(names[i].text));
	if (*text)
		line(l, _("state"), "%s", text);
}

static const char *hidden_text(uint32_t hidden)
{
	switch (hidden) {
	case HZ_HIDDEN_NONE:
		return _("none");
	case HZ_HIDDEN_PRESENT:
		return _("PRESENT");
	case HZ_HIDDEN_UNCLEAR:
		return _("unclear, counts as present");
	default:
		return _("not looked");
	}
}

static void hidden_line(struct lines *l, const hz_device_info *d)
{
	const hz_hidden *h = &d->hidden;

	if (h->hpa == h->dco && h->hpa == h->ama)
		line(l, _("hidden areas"), "%s", hidden_text(h->hpa));
	else
		line(l, _("hidden areas"), "HPA %s, DCO %s, AMA %s", hidden_text(h->hpa), hidden_text(h->dco),
			hidden_text(h->ama));
}

static void health_line(struct lines *l, const hz_device_info *d)
{
	char text[300] = "";

	add(text, sizeof(text), "%s", d->health_ok == 1 ? _("good") : d->health_ok == 2 ? _("FAILING") : _("not told"));
	if (d->temperature_c != INT32_MIN)
		add(text, sizeof(text), _("%d C"), d->temperature_c);
	if (d->power_on_hours != UINT64_MAX)
		add(text, sizeof(text), _("%llu hours"), (unsigned long long)d->power_on_hours);
	if (d->wear_percent != UINT32_MAX)
		add(text, sizeof(text), _("%u%% worn"), d->wear_percent);
	if (d->reallocated_sectors != UINT64_MAX)
		add(text, sizeof(text), _("%llu reallocated"), (unsigned long long)d->reallocated_sectors);
	if (d->pending_sectors != UINT64_MAX)
		add(text, sizeof(text), _("%llu pending"), (unsigned long long)d->pending_sectors);
	if (d->media_errors != UINT64_MAX)
		add(text, sizeof(text), _("%llu media errors"), (unsigned long long)d->media_errors);
	line(l, _("health"), "%s", text);
}

static void obstacle_lines(struct lines *l, const hz_device_info *d)
{
	for (uint32_t i = 0; i < d->obstacles && i < HZ_DEVICE_OBSTACLES; i++) {
		const hz_obstacle *o = &d->obstacle[i];
		const char *label = i == 0 ? _("NOT because") : "";

		if (o->override)
			line(l, label, _("%s (may be overridden: '%s')"), o->text, hz_gate_name(o->gate));
		else
			line(l, label, "%s", o->text);
	}
	if (d->obstacles > HZ_DEVICE_OBSTACLES)
		line(l, "", _("and %u more"), d->obstacles - HZ_DEVICE_OBSTACLES);
}

void device_print(const hz_device_info *d, bool escape)
{
	struct lines l = { .escape = escape };

	heading(&l, d);
	if (*d->model)
		line(&l, _("model"), "%s%s%s%s", d->model, *d->firmware ? " (" : "", d->firmware,
			*d->firmware ? ")" : "");
	line(&l, _("confirm by"), "%s", d->confirm_id);
	if (*d->serial && strcmp(d->serial, d->confirm_id) != 0)
		line(&l, _("serial"), "%s", d->serial);
	if (*d->bridge_serial && strcmp(d->bridge_serial, d->serial) != 0)
		line(&l, _("bridge says"), "%s", d->bridge_serial);
	if (*d->wwn)
		line(&l, _("WWN"), "%s", d->wwn);
	line(&l, _("sectors"), _("%u bytes, physically %u"), d->logical_sector, d->physical_sector);
	if (d->namespaces > 1)
		line(&l, _("namespaces"), _("%u share the medium: erasing by sanitize reaches all"), d->namespaces);
	can_line(&l, d);
	state_line(&l, d);
	hidden_line(&l, d);
	health_line(&l, d);
	if (*d->not_known)
		line(&l, _("not known"), "%s", d->not_known);
	obstacle_lines(&l, d);
}
