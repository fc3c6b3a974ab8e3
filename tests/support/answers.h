/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of devices, as bytes: what a disk of each kind says by default, to be changed by the test. */
#ifndef SUPPORT_ANSWERS_H
#define SUPPORT_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

/* IDENTIFY DEVICE of a disk of 1 TB with 512/4096 sectors, 7200 rounds, security, sanitize, HPA, DCO and SMART. */
void answer_ata_identify(uint8_t out[512]);
void answer_word(uint8_t *page, size_t n, uint16_t value);
/* Words as ATA strings, padded with blanks. */
void answer_ata_string(uint8_t *page, size_t word, size_t n_words, const char *text);
/* Sets the last byte so that all bytes add up to zero; with a5: after A5h in the byte before. */
void answer_checksum(uint8_t page[512], int a5);
/* SMART READ DATA: 5 = 3, 9 = 1234, 194 = 31, 197 = 2. */
void answer_ata_smart(uint8_t out[512]);
void answer_ata_dco(uint8_t out[512], uint64_t max_lba);

/* Identify Controller and Namespace of an SSD of 1 GiB in blocks of 4096, sanitize by crypto and block erase. */
void answer_nvme_controller(uint8_t out[4096]);
void answer_nvme_namespace(uint8_t out[4096]);
void answer_nvme_smart(uint8_t out[512]);
void answer_nvme_sanitize(uint8_t out[512], uint16_t sstat, uint32_t scdw10);

void answer_le(uint8_t *p, uint64_t value, size_t n);
void answer_be(uint8_t *p, uint64_t value, size_t n);

/* Sense data with ATA registers; give how many bytes there are. */
struct ata_answer;
size_t answer_sense_descriptor(uint8_t out[64], const struct ata_answer *a, int extend);
size_t answer_sense_fixed(uint8_t out[64], const struct ata_answer *a);
size_t answer_sense(uint8_t out[64], uint8_t key, uint8_t asc, uint8_t ascq, int fixed, int progress);

#endif
