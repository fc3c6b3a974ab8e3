/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guest_method DEVICE METHOD: one method on one device through the kernel's own path, and what came of it on a line:
 * outcome, touched, whether each sampled sector changed, and the words. Only for a guest (run.sh).
 */
#include "sanitize/method.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <time.h>

#define SAMPLES 64u

static int note(void *user, const char *state, const hz_json *detail, hz_error **err)
{
	(void)user, (void)detail, (void)err;
	printf("note %s\n", state);
	return 0;
}

static int progress(void *user, uint64_t done, uint64_t total)
{
	uint64_t *most = user;

	(void)total;
	if (done > *most)
		*most = done;
	return 0;
}

static void nap(void *user, uint32_t ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)user;
	(void)nanosleep(&t, NULL);
}

/* How many of the samples could be read; into out. */
static unsigned read_samples(struct link *l, uint8_t *out)
{
	uint32_t size = l->info.logical_sector;
	unsigned n = 0;

	for (uint64_t i = 0; i < SAMPLES; i++) {
		uint64_t sectors = l->info.bytes / size;
		uint64_t at = i * (sectors - 1) / (SAMPLES - 1);

		n += l->ops->read(l, out + i * size, size, at * size, NULL) == 0;
	}
	return n;
}

int main(int argc, char **argv)
{
	static const char *const states[] = { "not-started", "running", "completed", "exceptions", "failed", "unknown",
		"lost" };
	static const char *const touched[] = { "no", "partly", "all", "unknown" };
	const struct method *method = argc == 3 ? method_find(argv[2]) : NULL;
	AUTO(link_close) struct link *l = NULL;
	struct outcome o = { 0 };
	struct method_options options = { 0 };
	uint64_t most = 0;
	struct method_run m = {
		.outcome = &o, .note = note, .progress = progress, .sleep_ms = nap, .user = &most, .options = &options
	};
	hz_device_info info = { .size = sizeof(info) };
	hz_error *err = NULL;
	uint8_t *was, *is;
	unsigned readable, changed = 0;
	size_t size;

	if (!method)
		return 2;
	if (hz_device_look(argv[1], &info, &err) < 0 || link_open(&l, argv[1], info.confirm_id, NULL, 0, &err) < 0) {
		printf("RESULT refused %s\n", hz_error_message(err));
		hz_error_free(err);
		return 1;
	}
	m.link = l;
	printf("device %s serial %s transport %s can %" PRIx64 " state %x\n", l->info.model, l->info.serial,
		hz_transport_name(l->info.transport), l->info.can, l->info.state);
	size = (size_t)SAMPLES * l->info.logical_sector;
	was = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
	is = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
	if (!was || !is || read_samples(l, was) != SAMPLES)
		return 1;
	if ((l->info.can & method->needs) != method->needs)
		printf("RESULT not offered\n");
	else
		(void)method->run(&m, &err);
	readable = read_samples(l, is);
	for (unsigned i = 0; i < SAMPLES; i++)
		changed += memcmp(was + i * l->info.logical_sector, is + i * l->info.logical_sector,
				   l->info.logical_sector) != 0;
	printf("RESULT %s touched %s readable %u changed %u progress %s: %s\n", states[o.state], touched[o.touched],
		readable, changed, most > 0 ? "seen" : "none", o.said);
	hz_error_free(err);
	free(was);
	free(is);
	return 0;
}
