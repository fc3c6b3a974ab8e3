/* SPDX-License-Identifier: BSD-2-Clause */
/* n looked at and none bad: were a share p of all bad, that had the chance (1 - p)^n. Where the chance is at most 1 -
 * C, p is ruled out with confidence C. Powers by multiplying, so that nothing depends on a library's logarithm. */
#include "verify/confidence.h"
#include "common/i18n.h"
#include "common/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static double power(double base, uint64_t n)
{
	double result = 1;

	for (; n > 0; n >>= 1, base *= base)
		if (n & 1)
			result *= base;
	return result;
}

uint64_t confidence_needed(const struct confidence *c)
{
	double left = 1 - c->confidence / 100, good = 1 - c->bad / 100;
	uint64_t lo = 0, hi = 1;

	while (power(good, hi) > left)
		hi *= 2;
	while (hi - lo > 1) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (power(good, mid) > left)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

/* The smallest share, in percent, that n show; rounded up to two digits. */
static double shown(double confidence, uint64_t n)
{
	double lo = 0, hi = 1, scale = 1, percent;
	uint64_t whole;

	for (int i = 0; i < 60; i++) {
		double mid = (lo + hi) / 2;

		if (power(1 - mid, n) > 1 - confidence / 100)
			lo = mid;
		else
			hi = mid;
	}
	percent = hi * 100;
	while (percent * scale < 10 && scale < 1e12)
		scale *= 10;
	whole = (uint64_t)(percent * scale);
	if ((double)whole < percent * scale)
		whole++;
	return (double)whole / scale;
}

void confidence_sentence(char out[CONFIDENCE_TEXT], const struct confidence *c, uint64_t n, uint64_t of, uint64_t bad,
	const char *what, bool for_people)
{
	unsigned long long a = n, b = of;
	double below;

	if (for_people)
		what = _(what);
	if (bad > 0 && n < of) {
		(void)snprintf(out, CONFIDENCE_TEXT,
			for_people ? _("%llu of %llu %s, and there is damage: nothing follows for the others")
				   : "%llu of %llu %s, and there is damage: nothing follows for the others",
			a, b, what);
	} else if (bad > 0) {
		(void)snprintf(out, CONFIDENCE_TEXT,
			for_people ? _("%llu of %llu %s, and there is damage") : "%llu of %llu %s, and there is damage",
			a, b, what);
	} else if (n >= of || n == 0) {
		(void)snprintf(out, CONFIDENCE_TEXT,
			for_people ? _("%llu of %llu %s, none bad") : "%llu of %llu %s, none bad", a, b, what);
	} else {
		below = c->bad > 0 && n >= confidence_needed(c) ? c->bad : shown(c->confidence, n);
		(void)snprintf(out, CONFIDENCE_TEXT,
			for_people ? _("%llu of %llu %s, none bad: with %g %% confidence fewer than %g %% are bad")
				   : "%llu of %llu %s, none bad: with %g %% confidence fewer than %g %% are bad",
			a, b, what, c->confidence, below);
	}
}

static int percent(struct cli *cli, const char *option, double *out)
{
	const char *text = cli_value(cli, option);
	char *end;
	double v;

	if (!text)
		return CLI_EXIT_DONE;
	errno = 0;
	v = *text >= '0' && *text <= '9' ? strtod(text, &end) : 0;
	if (errno || v < 0.001 || v > 99.999 || (*end == '%' ? end[1] : end[0]))
		return report_usage(
			cli, _("--%s %s: give a percentage from 0.001 to 99.999, such as 99"), option, text);
	*out = v;
	return CLI_EXIT_DONE;
}

int confidence_options(struct cli *cli, struct confidence *c)
{
	int code = percent(cli, "confidence", &c->confidence);

	if (code == CLI_EXIT_DONE)
		code = percent(cli, "bad", &c->bad);
	if (code == CLI_EXIT_DONE && cli_is_given(cli, "confidence") != cli_is_given(cli, "bad"))
		return report_usage(cli, _("--confidence and --bad go together: --confidence 99 --bad 1%%"));
	if (code == CLI_EXIT_DONE && cli_is_given(cli, "bad") && cli_is_given(cli, "sample"))
		return report_usage(
			cli, _("--sample says how many, --confidence and --bad find it out: give one of them"));
	return code;
}
