/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_make_record BYTES LOGICAL PHYSICAL SERIAL KEY SEED [failed]: a signed record of an erasure in the evidence
 * folder of this process, as one who erased would write it, with what the arguments say (docs/evidence). SERIAL, SEED
 * and KEY may be
 * "-": none; with no key the content is not known. Prints the record's path.
 */
#include <hozen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *or_null(const char *text)
{
	return strcmp(text, "-") == 0 ? NULL : text;
}

static void put_step(hz_json *result, char **argv)
{
	hz_json *step = hz_json_add_object(hz_json_array(result, "steps")), *v, *fill;

	hz_json_str(step, "method", or_null(argv[5]) ? "overwrite-stream" : "nvme-crypto-erase");
	hz_json_str(step, "state", "completed");
	hz_json_str(step, "touched", "all");
	v = hz_json_object(step, "verification");
	hz_json_str(v, "kind", "full");
	hz_json_str(v, "seed", or_null(argv[6]));
	if (or_null(argv[5])) {
		fill = hz_json_object(v, "fill");
		hz_json_str(fill, "kind", "stream");
		hz_json_str(fill, "cipher", "aes-256-ctr");
		hz_json_str(fill, "key", argv[5]);
	} else {
		hz_json_null(v, "fill");
	}
	(void)hz_json_array(step, "bad");
}

int main(int argc, char **argv)
{
	hz_record_options o = HZ_RECORD_OPTIONS_INIT;
	hz_record_info info = HZ_RECORD_INFO_INIT;
	hz_json *result, *device;
	hz_record *rec = NULL;
	hz_error *err = NULL;
	char month[16];
	time_t now = time(NULL);
	struct tm tm;

	if (argc != 7 && argc != 8)
		return 2;
	o.tool = "hozen-erase", o.command = "run", o.kind = "sanitize";
	o.folder = getenv("HOZEN_EVIDENCE_DIR");
	o.state_dir = getenv("HOZEN_STATE_DIR");
	result = hz_json_new("sanitize_summary");
	device = hz_json_object(result, "device");
	hz_json_str(device, "serial", or_null(argv[4]));
	hz_json_null(device, "wwn");
	hz_json_str(device, "model", "test");
	hz_json_u64(device, "bytes", strtoull(argv[1], NULL, 10));
	hz_json_u64(device, "logical_sector", strtoull(argv[2], NULL, 10));
	hz_json_u64(device, "physical_sector", strtoull(argv[3], NULL, 10));
	hz_json_str(result, "level", "clear");
	hz_json_bool(result, "certificate", argc == 7);
	put_step(result, argv);
	if (hz_record_begin(&rec, &o, &err) < 0 || hz_record_info_get(rec, &info, &err) < 0) {
		fprintf(stderr, "%s\n", hz_error_message(err));
		return 1;
	}
	hz_record_result(rec, result);
	hz_json_free(result);
	(void)strftime(month, sizeof(month), "%Y-%m", gmtime_r(&now, &tm));
	printf("%s/records/%s/%s.json\n", info.folder, month, info.uuid);
	if (hz_record_end(rec, 0, NULL, &err) < 0) {
		fprintf(stderr, "%s\n", hz_error_message(err));
		return 1;
	}
	return 0;
}
