/* SPDX-License-Identifier: BSD-2-Clause */
/* See logfile.h. */
#include "report/logfile.h"
#include "base/vfs.h"
#include <stdlib.h>
#include <string.h>

void log_entry_write(uint8_t out[LOG_LINE_LEN], const struct log_entry *e)
{
	uint8_t *p = out;
	struct id_hex hex = id_hex(&e->record);

	memcpy(p, e->name, LOG_NAME_LEN - 1);
	p += LOG_NAME_LEN - 1;
	*p++ = ' ';
	memcpy(p, hex.s, ID_HEX_LEN);
	p += ID_HEX_LEN;
	*p++ = ' ';
	hex = id_hex(&e->sig);
	memcpy(p, hex.s, ID_HEX_LEN);
	p[ID_HEX_LEN] = '\n';
}

static bool month_is(const char *m)
{
	for (unsigned i = 0; i < MONTH_LEN - 1; i++) {
		if (i == 4 ? m[i] != '-' : m[i] < '0' || m[i] > '9')
			return false;
	}
	return m[MONTH_LEN - 1] == '/';
}

bool log_entry_read(struct log_entry *e, const uint8_t line[LOG_LINE_LEN])
{
	const char *text = (const char *)line, *at = text + LOG_NAME_LEN;

	if (!month_is(text) || !uuid_is(text + MONTH_LEN, ' ') || !hex_decode(e->record.b, ID_LEN, at, ID_HEX_LEN) ||
		at[ID_HEX_LEN] != ' ' || !hex_decode(e->sig.b, ID_LEN, at + ID_HEX_LEN + 1, ID_HEX_LEN) ||
		line[LOG_LINE_LEN - 1] != '\n')
		return false;
	memcpy(e->name, text, LOG_NAME_LEN - 1);
	e->name[LOG_NAME_LEN - 1] = '\0';
	return true;
}

int log_text_read(struct log_text *t, int dirfd, hz_error **err)
{
	AUTO(hz_error_free) hz_error *why = NULL;
	int rc = vfs_read_file(&t->data, &t->len, dirfd, "log", LOG_MAX, false, &why);

	if (rc == HZ_E_NOTFOUND)
		t->data = NULL, t->len = 0;
	else if (rc < 0)
		return err_copy(err, why);
	t->torn = t->len % LOG_LINE_LEN;
	t->len -= t->torn;
	t->n = t->len / LOG_LINE_LEN;
	return 0;
}

void log_text_release(struct log_text *t)
{
	free(t->data);
	t->data = NULL;
}

void log_text_hash(const struct log_text *t, struct merkle *m, uint64_t n)
{
	while (m->n < n) {
		struct id leaf = merkle_leaf(t->data + m->n * LOG_LINE_LEN, LOG_LINE_LEN);

		merkle_add(m, &leaf);
	}
}

bool log_text_has(const struct log_text *t, const char *name, uint64_t n)
{
	/* The newest are asked for. */
	for (uint64_t i = n; i-- > 0;) {
		if (memcmp(t->data + i * LOG_LINE_LEN, name, LOG_NAME_LEN - 1) == 0)
			return true;
	}
	return false;
}
