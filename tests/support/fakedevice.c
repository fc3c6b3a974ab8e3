/* SPDX-License-Identifier: BSD-2-Clause */
/* See fakedevice.h: what all models share, blocks, and the script. */
#include "support/hzt.h"
#include "support/fakedevice_models.h"
#include <errno.h>

#define TENTHS   10u
#define FAULT_AT 4u

static struct fake *fake_of(struct link *l)
{
	return (struct fake *)l;
}

int fake_timeout(hz_error **err)
{
	errno = ETIMEDOUT;
	return err_errno_as(err, HZ_E_IO, "the command");
}

static int check_here(const struct fake *f, hz_error **err)
{
	if (f->gone)
		return err_set(err, HZ_E_NOTFOUND, "the device is gone");
	return fake_has(f, FAKE_HANGS) && f->begun && f->tenths >= FAULT_AT ? fake_timeout(err) : 0;
}

bool fake_is_silent(const struct fake *f)
{
	return fake_has(f, FAKE_LOG_UNREADABLE) || (fake_has(f, FAKE_LOG_LOST) && f->begun && f->tenths >= FAULT_AT);
}

/* --- erasing ------------------------------------------------------------------------------------------------------ */

static void erase_to(struct fake *f, unsigned tenths)
{
	size_t n = f->bytes / FAKE_SECTOR * tenths / TENTHS * FAKE_SECTOR;
	struct hzt_random r = { 0x5eed };

	f->tenths = tenths;
	if (fake_has(f, FAKE_LIES))
		return;
	if (f->how < 0)
		hzt_random_fill(&r, f->memory + f->from, n);
	else
		memset(f->memory + f->from, f->how, n);
}

void fake_begin(struct fake *f, int how, size_t from, size_t bytes)
{
	f->how = how;
	f->from = from;
	f->bytes = bytes;
	f->begun = f->ours = true;
	f->completed_ok = false;
	f->tenths = 0;
	f->work = FAKE_WORKING;
	f->erases++;
	if (fake_has(f, FAKE_INSTANT)) {
		erase_to(f, TENTHS);
		f->work = FAKE_IDLE;
		f->completed_ok = true;
	} else if (fake_has(f, FAKE_IGNORES)) {
		f->work = FAKE_IDLE;
	}
}

/* What happens at 40 %, once; the faults that stay are looked at where they show. */
static void mishap(struct fake *f)
{
	if (fake_has(f, FAKE_FAILS_AT_40))
		f->work = FAKE_BROKEN;
	if (fake_has(f, FAKE_RESETS))
		f->attention = true;
	if (fake_has(f, FAKE_RESET_FORGETS)) {
		f->work = FAKE_IDLE;
		f->attention = f->forgot = true;
	}
	if (fake_has(f, FAKE_POWER_LOSS))
		f->gone = true;
}

void fake_tick(struct fake *f)
{
	if (f->work != FAKE_WORKING || f->gone)
		return;
	if (f->tenths >= FAULT_AT && fake_has(f, FAKE_STUCK))
		return;
	erase_to(f, f->tenths + 1);
	if (f->tenths == FAULT_AT)
		mishap(f);
	if (f->tenths == TENTHS) {
		f->work = FAKE_IDLE;
		f->completed_ok = true;
	}
}

bool fake_erase_now(struct fake *f, int how, size_t from, size_t bytes)
{
	fake_begin(f, how, from, bytes);
	while (f->work == FAKE_WORKING && !f->gone) {
		fake_tick(f);
		if (f->tenths == FAULT_AT && (f->faults & (FAKE_HANGS | FAKE_STUCK | FAKE_RESETS)))
			return false;
	}
	/* What a command that blocks does is not taken up again after a power cut. */
	if (f->gone)
		f->work = FAKE_IDLE;
	return f->completed_ok;
}

static size_t same_sectors(const struct fake *f)
{
	size_t n = 0;

	for (size_t at = 0; at < FAKE_BYTES; at += FAKE_SECTOR)
		n += memcmp(f->memory + at, f->original + at, FAKE_SECTOR) == 0;
	return n;
}

bool fake_erased(const struct fake *f)
{
	return same_sectors(f) == 0;
}

bool fake_touched(const struct fake *f)
{
	return same_sectors(f) < FAKE_SECTORS;
}

bool fake_works(const struct fake *f)
{
	return f->work == FAKE_WORKING;
}

void fake_reattach(struct fake *f, const char *name)
{
	f->gone = false;
	f->faults &= ~FAKE_POWER_LOSS;
	f->prepared = f->expired = false;
	f->locked = f->enabled;
	f->link.info.diskseq++;
	(void)snprintf(f->link.info.name, sizeof(f->link.info.name), "%s", name);
	(void)snprintf(f->link.info.path, sizeof(f->link.info.path), "/dev/%s", name);
}

/* --- script ------------------------------------------------------------------------------------------------------- */

static const struct fake_line *next_line(struct fake *f, enum fake_op op, const void *data, enum link_data direction)
{
	const struct fake_line *l = f->at;

	if (l->op != op)
		fail_msg("script line %d: %s", (int)(l - f->script),
			l->op == FAKE_OP_END ? "a command too many" : "a command of another kind");
	if (l->sends && (direction != LINK_TO_DEVICE || memcmp(data, l->sends, l->sends_len) != 0))
		fail_msg("script line %d: other data", (int)(l - f->script));
	f->at++;
	return l;
}

static void give(const struct fake_line *l, void *data, size_t len, enum link_data direction)
{
	if (direction != LINK_FROM_DEVICE)
		return;
	memset(data, 0, len);
	memcpy(data, l->data ? l->data : "", l->data_len < len ? l->data_len : len);
}

static void compare(const struct fake *f, const char *field, uint64_t want, uint64_t got)
{
	if (want != got)
		fail_msg("script line %d: %s is %llX, not %llX", (int)(f->at - f->script) - 1, field,
			(unsigned long long)got, (unsigned long long)want);
}

void fake_script(struct fake *f, const struct fake_line *lines)
{
	f->script = f->at = lines;
}

void fake_script_end(struct fake *f)
{
	if (f->at->op != FAKE_OP_END)
		fail_msg("script line %d: the command did not come", (int)(f->at - f->script));
}

static int script_ata(
	struct fake *f, const struct ata_command *c, void *data, size_t len, struct ata_answer *a, hz_error **err)
{
	const struct fake_line *l = next_line(f, FAKE_OP_ATA, data, c->data);

	compare(f, "command", l->ata.command, c->command);
	compare(f, "ext", l->ata.ext, c->ext);
	compare(f, "data", l->ata.data, c->data);
	compare(f, "feature", l->ata.feature, c->feature);
	compare(f, "count", l->ata.count, c->count);
	compare(f, "lba", l->ata.lba, c->lba);
	give(l, data, len, c->data);
	*a = l->ata_answer;
	return l->rc < 0 ? err_set(err, l->rc, "as the script says") : 0;
}

static int script_scsi(
	struct fake *f, const struct scsi_command *c, void *data, size_t len, struct scsi_answer *a, hz_error **err)
{
	const struct fake_line *l = next_line(f, FAKE_OP_SCSI, data, c->data);

	compare(f, "length of the CDB", l->scsi.cdb_len, c->cdb_len);
	for (unsigned i = 0; i < c->cdb_len; i++)
		compare(f, "byte of the CDB", l->scsi.cdb[i], c->cdb[i]);
	give(l, data, len, c->data);
	*a = l->scsi_answer;
	return l->rc < 0 ? err_set(err, l->rc, "as the script says") : 0;
}

static int script_nvme(
	struct fake *f, const struct nvme_command *c, void *data, size_t len, struct nvme_answer *a, hz_error **err)
{
	const struct fake_line *l = next_line(f, FAKE_OP_NVME, data, c->data);

	compare(f, "opcode", l->nvme.opcode, c->opcode);
	compare(f, "nsid", l->nvme.nsid, c->nsid);
	compare(f, "cdw10", l->nvme.cdw10, c->cdw10);
	compare(f, "cdw11", l->nvme.cdw11, c->cdw11);
	give(l, data, len, c->data);
	*a = l->nvme_answer;
	return l->rc < 0 ? err_set(err, l->rc, "as the script says") : 0;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static int op_ata(
	struct link *l, const struct ata_command *c, void *data, size_t len, struct ata_answer *a, hz_error **err)
{
	struct fake *f = fake_of(l);
	int rc = check_here(f, err);

	f->commands++;
	*a = (struct ata_answer){ 0 };
	if (f->script)
		return script_ata(f, c, data, len, a, err);
	if (f->kind != FAKE_ATA_DISK && f->kind != FAKE_ATA_SSD)
		return err_set(err, HZ_E_UNSUPPORTED, "no ATA");
	if (rc == 0)
		rc = fake_model_ata(f, c, data, a, err);
	if (fake_has(f, FAKE_STRIPS))
		*a = (struct ata_answer){ 0 };
	if (fake_has(f, FAKE_FIXED)) {
		a->has_high = false;
		a->count &= 0xff;
		a->lba &= 0xffffff;
	}
	return rc;
}

static int op_scsi(
	struct link *l, const struct scsi_command *c, void *data, size_t len, struct scsi_answer *a, hz_error **err)
{
	struct fake *f = fake_of(l);
	int rc = check_here(f, err);

	f->commands++;
	*a = (struct scsi_answer){ 0 };
	if (f->script)
		return script_scsi(f, c, data, len, a, err);
	if (f->kind != FAKE_SCSI_DISK && f->kind != FAKE_SCSI_SSD)
		return err_set(err, HZ_E_UNSUPPORTED, "no SCSI");
	return rc < 0 ? rc : fake_model_scsi(f, c, data, len, a, err);
}

static int op_nvme(
	struct link *l, const struct nvme_command *c, void *data, size_t len, struct nvme_answer *a, hz_error **err)
{
	struct fake *f = fake_of(l);
	int rc = check_here(f, err);

	f->commands++;
	*a = (struct nvme_answer){ 0 };
	if (f->script)
		return script_nvme(f, c, data, len, a, err);
	if (f->kind != FAKE_NVME)
		return err_set(err, HZ_E_UNSUPPORTED, "no NVMe");
	return rc < 0 ? rc : fake_model_nvme(f, c, data, len, a, err);
}

static int check_blocks(const struct fake *f, uint64_t off, uint64_t len, hz_error **err)
{
	int rc = check_here(f, err);

	if (rc < 0)
		return rc;
	if (off % FAKE_SECTOR || len % FAKE_SECTOR || off + len > f->link.info.bytes)
		return err_set(err, HZ_E_IO, "outside, or not whole sectors");
	if (f->work != FAKE_IDLE || f->locked)
		return err_set(err, HZ_E_IO, "the device gives no access to its medium");
	return 0;
}

static int op_read(struct link *l, void *data, size_t len, uint64_t off, hz_error **err)
{
	struct fake *f = fake_of(l);
	int rc = check_blocks(f, off, len, err);

	if (rc < 0)
		return rc;
	memcpy(data, f->memory + off, len);
	if (fake_has(f, FAKE_ZEROS))
		memset(data, 0, len);
	return 0;
}

static int op_write(struct link *l, const void *data, size_t len, uint64_t off, hz_error **err)
{
	struct fake *f = fake_of(l);
	int rc = check_blocks(f, off, len, err);

	if (rc == 0 && !fake_has(f, FAKE_DROPS_WRITES))
		memcpy(f->memory + off, data, len);
	return rc;
}

static int op_flush(struct link *l, hz_error **err)
{
	return check_here(fake_of(l), err);
}

static int op_zero(struct link *l, uint64_t off, uint64_t len, hz_error **err)
{
	struct fake *f = fake_of(l);
	int rc = check_blocks(f, off, len, err);

	if (rc == 0 && !fake_has(f, FAKE_DROPS_WRITES))
		memset(f->memory + off, 0, len);
	return rc;
}

static void security_state(const struct fake *f, hz_device_info *info)
{
	info->state = 0;
	if (f->enabled)
		info->state |= HZ_STATE_SECURITY_ENABLED;
	if (f->locked)
		info->state |= HZ_STATE_SECURITY_LOCKED;
	if (f->expired)
		info->state |= HZ_STATE_SECURITY_EXPIRED;
	if (f->frozen)
		info->state |= HZ_STATE_SECURITY_FROZEN | HZ_STATE_SANITIZE_FROZEN;
}

static int op_look(struct link *l, hz_device_info *info, hz_error **err)
{
	struct fake *f = fake_of(l);
	int rc = check_here(f, err);

	if (rc < 0)
		return rc;
	*info = l->info;
	security_state(f, info);
	if (f->work == FAKE_WORKING)
		info->state |= HZ_STATE_SANITIZE_RUNNING;
	if (f->work == FAKE_BROKEN)
		info->state |= HZ_STATE_SANITIZE_FAILED;
	if (f->begun && fake_has(f, FAKE_GROWS))
		info->bytes += FAKE_BYTES;
	if (f->begun && fake_has(f, FAKE_OTHER_SERIAL))
		(void)snprintf(info->serial, sizeof(info->serial), "OTHER");
	return 0;
}

static int op_fd(struct link *l)
{
	(void)l;
	return -1;
}

static void op_close(struct link *l)
{
	(void)l;
}

static const struct link_ops fake_ops = { op_ata, op_scsi, op_nvme, op_read, op_write, op_flush, op_zero, op_zero,
	op_look, op_fd, op_close };

static void describe(struct fake *f)
{
	static const struct {
		uint32_t transport, medium;
		uint64_t can;
	} kinds[] = {
		{ HZ_TRANSPORT_ATA, HZ_MEDIUM_MAGNETIC,
			HZ_CAN_ATA_SECURITY | HZ_CAN_ATA_ENHANCED | HZ_CAN_ATA_CRYPTO_SCRAMBLE | HZ_CAN_ATA_OVERWRITE },
		{ HZ_TRANSPORT_ATA, HZ_MEDIUM_FLASH,
			HZ_CAN_ATA_SECURITY | HZ_CAN_ATA_ENHANCED | HZ_CAN_ATA_CRYPTO_SCRAMBLE |
				HZ_CAN_ATA_BLOCK_ERASE | HZ_CAN_DISCARD },
		{ HZ_TRANSPORT_SCSI, HZ_MEDIUM_MAGNETIC, HZ_CAN_SCSI_OVERWRITE | HZ_CAN_SCSI_CRYPTO },
		{ HZ_TRANSPORT_SCSI, HZ_MEDIUM_FLASH, HZ_CAN_SCSI_BLOCK | HZ_CAN_SCSI_CRYPTO | HZ_CAN_DISCARD },
		{ HZ_TRANSPORT_NVME, HZ_MEDIUM_FLASH,
			HZ_CAN_NVME_BLOCK | HZ_CAN_NVME_CRYPTO | HZ_CAN_NVME_OVERWRITE | HZ_CAN_NVME_FORMAT |
				HZ_CAN_NVME_FORMAT_CRYPTO | HZ_CAN_DISCARD | HZ_CAN_WRITE_ZEROES },
	};
	hz_device_info *d = &f->link.info;

	d->size = sizeof(*d);
	d->transport = kinds[f->kind].transport;
	d->medium = kinds[f->kind].medium;
	d->can = kinds[f->kind].can | HZ_CAN_WRITE;
	d->bytes = f->kind == FAKE_NVME ? FAKE_BYTES / FAKE_NAMESPACES : FAKE_BYTES;
	d->logical_sector = d->physical_sector = FAKE_SECTOR;
	d->rotational = d->medium == HZ_MEDIUM_MAGNETIC;
	d->diskseq = 1;
	d->namespaces = f->kind == FAKE_NVME ? FAKE_NAMESPACES : 0;
	d->temperature_c = INT32_MIN;
	d->hidden.hpa = d->hidden.dco = d->hidden.ama = HZ_HIDDEN_NONE;
	if (fake_has(f, FAKE_DCO_GARBAGE))
		d->hidden.dco = HZ_HIDDEN_UNCLEAR;
	(void)snprintf(d->name, sizeof(d->name), "fake0");
	(void)snprintf(d->path, sizeof(d->path), "/dev/fake0");
	(void)snprintf(d->model, sizeof(d->model), "Model %d", f->kind);
	(void)snprintf(d->serial, sizeof(d->serial), "SERIAL%d", f->kind);
	(void)snprintf(d->confirm_id, sizeof(d->confirm_id), "SERIAL%d", f->kind);
	(void)snprintf(d->wwn, sizeof(d->wwn), "naa.500000000000000%d", f->kind);
	security_state(f, d);
}

struct fake *fake_new(enum fake_kind kind, uint32_t faults)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct hzt_random r = { 42 };

	assert_non_null(f);
	f->link.ops = &fake_ops;
	f->kind = kind;
	f->faults = faults;
	f->memory = malloc(FAKE_BYTES);
	f->original = malloc(FAKE_BYTES);
	assert_true(f->memory && f->original);
	hzt_random_fill(&r, f->original, FAKE_BYTES);
	memcpy(f->memory, f->original, FAKE_BYTES);
	f->frozen = fake_has(f, FAKE_FROZEN);
	if (fake_has(f, FAKE_LOCKED)) {
		f->enabled = f->locked = true;
		memset(f->password, 'x', sizeof(f->password));
	}
	if (fake_has(f, FAKE_FOREIGN_RUNS)) {
		f->how = 0;
		f->bytes = FAKE_BYTES;
		f->work = FAKE_WORKING;
		f->begun = true;
		f->cdw10 = 0xff;
	}
	describe(f);
	return f;
}

void fake_free(struct fake *f)
{
	if (!f)
		return;
	free(f->memory);
	free(f->original);
	free(f);
}

/* --- a run -------------------------------------------------------------------------------------------------------- */

static int run_note(void *user, const char *state, const hz_json *detail, hz_error **err)
{
	struct fake_run *r = user;

	(void)detail;
	assert_true(r->notes < FAKE_NOTES);
	if (r->fail_note == r->notes + 1)
		return err_set(err, HZ_E_IO, "the journal is full");
	(void)snprintf(r->note[r->notes++], sizeof(r->note[0]), "%s", state);
	return 0;
}

static int run_progress(void *user, uint64_t done, uint64_t total)
{
	struct fake_run *r = user;

	assert_true(total == 0 || done <= total);
	return ++r->calls == r->cancel_at;
}

static void run_sleep(void *user, uint32_t ms)
{
	struct fake_run *r = user;

	r->slept_ms += ms;
	fake_tick(r->fake);
}

void fake_run_init(struct fake_run *r, struct fake *f)
{
	memset(r, 0, sizeof(*r));
	r->fake = f;
	r->run = (struct method_run){ .link = &f->link,
		.outcome = &r->outcome,
		.note = run_note,
		.progress = run_progress,
		.sleep_ms = run_sleep,
		.user = r,
		.options = &r->options };
}

const char *fake_run_noted(const struct fake_run *r)
{
	return r->notes ? r->note[r->notes - 1] : NULL;
}
