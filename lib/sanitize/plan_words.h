/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan says and how long it takes; of plan.c only. */
#ifndef SANITIZE_PLAN_WORDS_H
#define SANITIZE_PLAN_WORDS_H

#include "sanitize/plan.h"

/* One more line of the trail or of the assumptions; what does not fit is not kept. */
void plan_reason(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void plan_assume(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *plan_medium_word(uint32_t medium);
const char *plan_transport_word(uint32_t transport);
/* A state of the device stands in the way of this method: why. */
bool plan_blocked(const hz_device_info *d, const struct method *m, char *why, size_t len);
/* 0: not known. */
uint64_t plan_expected_s(const struct method *m, enum verification v, const hz_device_info *d, uint64_t bytes_per_s);
void plan_step_words(struct plan_step *s, const struct plan *p);
/* What the gates found, what is hidden: lines of the trail, and cannot_pass. */
void plan_obstacles(struct plan *p, const hz_device_info *d);
/* False, with the reason: no method at all can work on it as it is. */
bool plan_usable(struct plan *p, const hz_device_info *d);
/* What the certificate will have to say of the steps. */
void plan_assumptions(struct plan *p, const hz_device_info *d);

/* Sanitize and Format of NVMe reach every namespace of the medium; this one has others. */
bool plan_reaches_siblings(const struct plan *p, const hz_device_info *d);

#endif
