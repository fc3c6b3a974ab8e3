/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass of the keyed stream (docs/erase/stream.md). */
#include "sanitize/overwrite.h"

static int run(struct method_run *m, hz_error **err)
{
	struct overwrite *w = m->overwrite;
	struct fill f = { .kind = FILL_STREAM, .key = w->key, .cipher = w->cipher ? w->cipher : stream_default() };
	int rc = crypto_init(err);

	if (rc == 0 && !f.key) {
		secret_free(TAKE(w->own_key));
		rc = secret_random(&w->own_key, STREAM_KEY_LEN, err);
		f.key = w->own_key;
	}
	return rc < 0 ? rc : overwrite_passes(m, &f, 1, err);
}

const struct method method_overwrite_stream = {
	.id = "overwrite-stream",
	.title = "overwrite with a keyed stream, each address with bytes of its own",
	.needs = HZ_CAN_WRITE,
	.run = run,
};
