/* SPDX-License-Identifier: BSD-2-Clause */
/* Of fakedevice.c and its models only. */
#ifndef SUPPORT_FAKEDEVICE_MODELS_H
#define SUPPORT_FAKEDEVICE_MODELS_H

#include "support/fakedevice.h"

static inline bool fake_has(const struct fake *f, uint32_t fault)
{
	return (f->faults & fault) != 0;
}
/* Begins an erase of [from, from + bytes) that leaves bytes of this value, -1 noise. */
void fake_begin(struct fake *f, int how, size_t from, size_t bytes);
/* All of it at once, for commands that block; false: it failed in mid-way, or the device was lost or hangs. */
bool fake_erase_now(struct fake *f, int how, size_t from, size_t bytes);
/* In reach of a status? From 40 % on faults may hide it. */
bool fake_is_silent(const struct fake *f);
int fake_model_ata(
	struct fake *f, const struct ata_command *c, const uint8_t *data, struct ata_answer *a, hz_error **err);
int fake_model_scsi(
	struct fake *f, const struct scsi_command *c, uint8_t *data, size_t len, struct scsi_answer *a, hz_error **err);
int fake_model_nvme(
	struct fake *f, const struct nvme_command *c, uint8_t *data, size_t len, struct nvme_answer *a, hz_error **err);
int fake_timeout(hz_error **err);

#endif
