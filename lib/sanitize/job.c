/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See job.h. The order is what makes it safe: identity is compared, then the journal says what comes, then the command
 * is sent; an outcome is in the journal before it is verified, and its verification before the next step begins.
 */
#include "sanitize/job.h"
#include "base/clock.h"
#include "crypto/secret.h"
#include "sanitize/extents.h"
#include <string.h>

#define PROGRESS_NS 100000000u
#define LOOK_NS     UINT64_C(60000000000)

void job_init(struct job *j, struct link *l, const hz_sanitize_options *o)
{
	memset(j, 0, sizeof(*j));
	j->link = l;
	j->opts = o;
	j->before = l->info;
	j->after = l->info;
	j->temperature_max = l->info.temperature_c;
	j->looked_ns = clock_mono_ns();
	for (unsigned i = 0; i < PLAN_STEPS; i++)
		random_bytes(j->facts[i].seed, SAMPLE_SEED_LEN);
}

void job_release(struct job *j)
{
	for (unsigned i = 0; i < PLAN_STEPS; i++) {
		struct step_facts *f = &j->facts[i];

		extents_release(&j->outcome[i].bad);
		extents_release(&f->mismatched);
		extents_release(&f->unreadable);
		overwrite_release(&f->over);
		secret_free(TAKE(f->key));
	}
	json_read_free(TAKE(j->kept));
}

/* Now and then also how warm it is: a look takes the device a moment. */
static void look_for_heat(struct job *j, uint64_t now)
{
	hz_device_info info = j->before;

	if (now - j->looked_ns < LOOK_NS)
		return;
	j->looked_ns = now;
	if (j->link->ops->look(j->link, &info, NULL) == 0 && info.temperature_c > j->temperature_max)
		j->temperature_max = info.temperature_c;
}

int job_on_progress(void *user, uint64_t done, uint64_t total)
{
	struct job *j = user;
	const struct plan_step *s = &j->plan.step[j->step];
	uint64_t now = clock_mono_ns();
	hz_sanitize_progress p = { .size = sizeof(p),
		.step = j->step + 1,
		.steps = (uint32_t)j->plan.n_steps,
		.stoppable = !s->method->firmware || strcmp(j->doing, "firmware") != 0,
		.method = s->method->id,
		.doing = j->doing,
		.done = done,
		.total = total,
		.bad_sectors = j->outcome[j->step].bad.sectors,
		.temperature_c = j->temperature_max };

	if (now - j->progress_ns < PROGRESS_NS)
		return 0;
	j->progress_ns = now;
	look_for_heat(j, now);
	return j->opts->progress ? j->opts->progress(j->opts->user, &p) : 0;
}

/* ---- what methods call ---- */

static int on_note(void *user, const char *state, const hz_json *detail, hz_error **err)
{
	struct job *j = user;
	AUTO_FREE char *text = NULL;

	if (detail && hz_json_text(detail, &text) < 0)
		return err_nomem(err);
	return erase_journal_note(j->journal, j->step, state, text ? text : "", err);
}

static int on_begin(void *user, unsigned pass, const struct fill *f, const struct extents *missed, hz_error **err)
{
	struct job *j = user;

	return erase_journal_pass(j->journal, j->step, pass, f, missed, err);
}

static int on_checkpoint(void *user, unsigned pass, uint64_t durable, const struct outcome *o, hz_error **err)
{
	struct job *j = user;

	return erase_journal_durable(j->journal, j->step, pass, durable, &o->bad, err);
}

/* ---- steps ---- */

static struct method_run method_run_of(struct job *j, unsigned i)
{
	struct step_facts *f = &j->facts[i];
	struct method_run m = { .link = j->link,
		.outcome = &j->outcome[i],
		.note = on_note,
		.noted = *f->note ? f->note : NULL,
		.progress = job_on_progress,
		.sleep_ms = j->sleep_ms,
		.user = j,
		.options = &j->method_options,
		.overwrite = &f->over };

	f->over.begin = on_begin;
	f->over.checkpoint = on_checkpoint;
	f->over.user = j;
	return m;
}

/* What verification and record need of the pass that was written last. */
static int keep_fill(struct step_facts *f, hz_error **err)
{
	int rc = 0;

	f->left = f->over.left;
	if (f->left.kind == FILL_STREAM && f->left.key && f->left.key != f->key) {
		secret_free(TAKE(f->key));
		rc = secret_dup(&f->key, f->left.key, err);
	}
	f->left.key = f->key;
	return rc;
}

/* Is it still the medium that was confirmed? Before the first command of each step. */
static int still_the_same(struct job *j, hz_error **err)
{
	hz_device_info now = j->before;
	int rc = j->link->ops->look(j->link, &now, err);

	return rc < 0 ? rc : link_same(&j->before, &now, err);
}

/* What an interrupted process left in the drive: waited for, or undone. */
static int adopt(struct job *j, unsigned i, struct method_run *m, hz_error **err)
{
	const struct method *method = j->plan.step[i].method;
	int rc = 0;

	j->doing = "firmware";
	if (method->adopt)
		rc = method->adopt(m, err);
	if (rc == 0 && method->recover && j->outcome[i].state != OUTCOME_COMPLETED)
		rc = method->recover(m, err);
	return rc;
}

static int carry_out(struct job *j, unsigned i, hz_error **err)
{
	const struct method *method = j->plan.step[i].method;
	struct method_run m = method_run_of(j, i);
	int rc;

	if (method->firmware)
		return m.noted ? adopt(j, i, &m, err) : job_step_firmware(j, i, err);
	j->doing = "write";
	rc = method->run(&m, err);
	if (keep_fill(&j->facts[i], rc == 0 ? err : NULL) < 0 && rc == 0)
		rc = HZ_E_NOMEM;
	return rc;
}

int job_send(struct job *j, unsigned i, hz_error **err)
{
	struct method_run m = method_run_of(j, i);

	j->doing = "firmware";
	return j->plan.step[i].method->run(&m, err);
}

static int run_step(struct job *j, unsigned i, hz_error **err)
{
	struct step_facts *f = &j->facts[i];
	struct outcome *o = &j->outcome[i];
	int rc = 0;

	j->step = i;
	if (!f->done_before) {
		rc = still_the_same(j, err);
		/* Once only: a journal that has a step twice cannot be read. */
		if (rc == 0 && !f->in_journal)
			rc = erase_journal_step(j->journal, i, j->plan.step[i].method->id, f->seed, err);
		o->started_ns = clock_mono_ns();
		if (rc == 0)
			rc = carry_out(j, i, err);
		o->ended_ns = clock_mono_ns();
		/* Also what failed is written down, unless the journal itself is what failed. A pass whose device went
		 * away goes on when it comes back. */
		if (rc == 0 ||
			(rc != HZ_E_CANCELED && rc != HZ_E_NOTFOUND && !o->goes_on && o->state != OUTCOME_NOT_STARTED))
			if (erase_journal_ended(j->journal, i, o, rc == 0 ? err : NULL) < 0 && rc == 0)
				rc = HZ_E_IO;
	}
	if (rc < 0 || (o->state != OUTCOME_COMPLETED && o->state != OUTCOME_EXCEPTIONS))
		return rc;
	if (j->verified[i].kind != VERIFY_NONE && f->done_before)
		return 0;
	rc = job_verify(j, i, err);
	return rc < 0 ? rc : erase_journal_verified(j->journal, i, &j->verified[i], err);
}

int job_run(struct job *j, hz_error **err)
{
	int rc = 0;

	for (unsigned i = 0; i < j->plan.n_steps && rc == 0; i++) {
		rc = run_step(j, i, err);
		/* A step that did not do all of it makes the next ones more urgent, not less, unless the drive is gone
		 * or unknown. */
		if (rc == 0 && j->outcome[i].state != OUTCOME_COMPLETED && j->outcome[i].state != OUTCOME_EXCEPTIONS)
			break;
	}
	/* The certificate speaks of the medium that is there now. */
	if (j->link->ops->look(j->link, &j->after, NULL) == 0) {
		j->looked_after = true;
		if (j->after.temperature_c > j->temperature_max)
			j->temperature_max = j->after.temperature_c;
	}
	/* Stopped, or the firmware works on: that is not the end, resume is. */
	if (rc == 0)
		rc = erase_journal_finished(j->journal, err);
	return rc;
}
