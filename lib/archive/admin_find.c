/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking things up in the state that the admin log adds up to. */
#include "archive/admin.h"
#include <string.h>

const struct recipients *admin_recipients(const struct admin_log *log)
{
	return log->n_recipients ? &log->recipients[log->n_recipients - 1] : NULL;
}

const struct recipients *admin_recipients_of(const struct admin_log *log, uint32_t epoch)
{
	return epoch >= 1 && epoch <= log->n_recipients ? &log->recipients[epoch - 1] : NULL;
}

const struct writer_info *admin_writer(const struct admin_log *log, const struct uid *id)
{
	for (size_t i = 0; i < log->n_writers; i++) {
		if (uid_eq(&log->writers[i].id, id))
			return &log->writers[i];
	}
	return NULL;
}

const struct agent_info *admin_agent(const struct admin_log *log, const struct uid *id)
{
	for (size_t i = 0; i < log->n_agents; i++) {
		if (uid_eq(&log->agents[i].id, id) && !log->agents[i].ended)
			return &log->agents[i];
	}
	return NULL;
}

static const uint8_t *root_key(const struct admin_log *log, const struct uid *id)
{
	for (unsigned i = 0; i < log->roots.n; i++) {
		struct uid u = signer_id(log->repo.suite, log->roots.pub[i]);

		if (uid_eq(&u, id))
			return log->roots.pub[i];
	}
	return NULL;
}

const struct evidence_key *admin_evidence(const struct admin_log *log, const uint8_t pub[SIGN_PUB_LEN])
{
	for (size_t i = 0; i < log->n_evidence; i++) {
		if (memcmp(log->evidence[i].pub, pub, SIGN_PUB_LEN) == 0)
			return &log->evidence[i];
	}
	return NULL;
}

bool admin_is_root(const struct admin_log *log, const struct uid *id)
{
	return root_key(log, id) != NULL;
}

/* Ended agents and earlier root keys too: what they signed before stays valid; admin_agent says what one may do now. */
const uint8_t *admin_signer(const struct admin_log *log, const struct uid *id)
{
	const struct writer_info *w = admin_writer(log, id);

	if (w)
		return w->pub;
	for (size_t i = 0; i < log->n_agents; i++) {
		if (uid_eq(&log->agents[i].id, id))
			return log->agents[i].pub;
	}
	if (root_key(log, id))
		return root_key(log, id);
	for (size_t i = 0; i < log->n_past; i++) {
		struct uid u = signer_id(log->repo.suite, log->past_roots[i]);

		if (uid_eq(&u, id))
			return log->past_roots[i];
	}
	return NULL;
}

const struct key_info *admin_key(const struct admin_log *log, const struct uid *uid)
{
	for (size_t i = 0; i < log->n_keys; i++) {
		if (log->keys[i].kind != 0 && !log->keys[i].ended && uid_eq(&log->keys[i].uid, uid))
			return &log->keys[i];
	}
	return NULL;
}

static int cmp_uid(const void *a, const void *b)
{
	return memcmp(a, b, UID_LEN);
}

bool admin_pack_is_final(const struct admin_log *log, const struct uid *pack)
{
	for (size_t i = 0; i < log->n_finals; i++) {
		if (log->finals[i].n && bsearch(pack, log->finals[i].packs, log->finals[i].n, UID_LEN, cmp_uid))
			return true;
	}
	return false;
}
