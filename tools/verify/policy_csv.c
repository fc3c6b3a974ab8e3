/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows for two papers that an ISMS keeps, 内部監査チェックリスト and ISMS有効性評価表: UTF-8 with a byte order mark, CR
 * LF, RFC 4180. The headings and the words of a verdict are those of the papers, in Japanese whatever the user's
 * language is. A cell that a spreadsheet would compute begins with an apostrophe. Who checked is left to the person who
 * does.
 */
#include "common/i18n.h"
#include "common/text.h"
#include "common/wholefile.h"
#include "verify/policy_print.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct item {
	const char *name, *asks, *how, *measure;
	bool near; /* a time that is nearly used up is worth a remark */
} items[] = {
	{ "rpo", "バックアップは定めた間隔(RPO)以内に取得されているか",
		"最新スナップショットの時刻を署名付き記録とリポジトリで照合", "最新バックアップの経過時間", true },
	{ "rpo_kept", "直近30日間にRPOを超える空白はないか", "記録とスナップショットの時刻の間隔を計算",
		"バックアップ間隔の最大値", true },
	{ "copies", "定めた数の複製が別のリポジトリにあるか", "各リポジトリの最新スナップショットを確認", "複製の数",
		false },
	{ "offline_copy", "オフラインまたは変更不可の複製があるか", "保存先の削除防止を記録で確認",
		"オフライン・変更不可の複製", false },
	{ "retention", "定めた期間バックアップが保存されているか", "記録にあるスナップショットの存在を確認",
		"最古のバックアップの経過時間", false },
	{ "check", "リポジトリの構造と署名が定期的に検査されているか", "検査記録(L1)の署名と結果を確認",
		"前回の検査からの経過時間", true },
	{ "sample", "保存データの抜き取り検査が定期的に行われているか", "検査記録(L2抜き取り)の署名と結果を確認",
		"前回の抜き取り検査からの経過時間", true },
	{ "read", "保存データの全数検査が定期的に行われているか", "検査記録(L2)の署名と結果を確認",
		"前回の全数検査からの経過時間", true },
	{ "drill", "復元訓練が定期的に行われ、元データと一致しているか", "復元訓練の記録(L3以上)の署名と結果を確認",
		"前回の復元訓練からの経過時間", true },
	{ "full_drill", "全体の復元訓練が定期的に行われているか", "復元訓練の記録(L4)の署名と結果を確認",
		"前回の全体復元訓練からの経過時間", true },
	{ "rto", "目標復旧時間(RTO)以内に復元できるか", "復元訓練で計測した時間と目標を比較", "復元所要時間", true },
	{ "key_age", "暗号鍵は定めた期間内に更新されているか", "リポジトリの管理ログで鍵の登録日を確認",
		"最も古い鍵の経過時間", true },
	{ "review", "バックアップ方針は承認され、期日までに見直されているか",
		"方針ファイルの承認日・見直し期日・SHA-256を確認", "方針の見直し", false },
};

static const struct item *item_of(const char *name)
{
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
		if (strcmp(items[i].name, name) == 0)
			return &items[i];
	return &items[0];
}

/* ---- cells ---- */

/* What a spreadsheet takes for a formula: an ASCII sign, or a wide one, behind blanks too. */
static bool is_formula(const char *text)
{
	static const char *const signs[] = { "=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠" };

	text += strspn(text, " \n");
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strncmp(text, signs[i], strlen(signs[i])) == 0)
			return true;
	return false;
}

static void put_quoted(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			(void)putc('"', f);
		(void)putc(*text, f);
	}
}

static void cell(FILE *f, const char *text, bool last)
{
	(void)fprintf(f, "\"%s", is_formula(text) ? "'" : "");
	put_quoted(f, text);
	(void)fputs(last ? "\"\r\n" : "\",", f);
}

static void row(FILE *f, const char *const *cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cell(f, cells[i], i + 1 == n);
}
#define ROW(f, ...)                                               \
	do {                                                      \
		const char *const cells_[] = { __VA_ARGS__ };     \
		row(f, cells_, sizeof(cells_) / sizeof(*cells_)); \
	} while (0)

/* Records with their hashes, then snapshots. */
static void evidence(char *out, size_t size, const hz_policy_check *c, const struct policy_view *v)
{
	size_t at = 0;

	out[0] = '\0';
	for (uint64_t i = 0; i < c->n_records && at < size - 200; i++)
		at += (size_t)snprintf(
			out + at, size - at, "%s%s SHA-256:%s", at ? "\n" : "", c->records[i], c->records_sha256[i]);
	for (uint64_t i = 0; i < c->n_snapshots && at < size - 200; i++)
		at += (size_t)snprintf(out + at, size - at, "%sスナップショット %s", at ? "\n" : "", c->snapshots[i]);
	if (!at && strcmp(c->name, "review") == 0)
		(void)snprintf(out, size, "方針 %s SHA-256:%s", v->info.id, v->info.sha256);
}

static bool is_near(const hz_policy_check *c)
{
	return item_of(c->name)->near && c->target_value > 0 && c->actual_value > c->target_value / 10 * 9;
}

/* What was kept with little to spare is an observation, and no more. */
static const char *verdict(const hz_policy_check *c)
{
	if (c->status == HZ_POLICY_NOT_EVIDENCED)
		return "未確認";
	if (c->status != HZ_POLICY_MET)
		return "不適合";
	return is_near(c) ? "観察" : "適合";
}

static void today(char out[16], int64_t now)
{
	time_t t = (time_t)now;
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(out, 16, "%Y-%m-%d", &tm) == 0)
		out[0] = '\0';
}

/* ---- sheets ---- */

static void checklist_asset(FILE *f, const struct policy_view *v, const hz_policy_asset *a, unsigned n)
{
	char number[16], date[16], finding[4600], proof[128];

	(void)snprintf(number, sizeof(number), "%u", n);
	(void)snprintf(finding, sizeof(finding),
		a->covered ? _("%s: covered by system %s") : _("%s: no system covers it"), a->name,
		a->covered ? a->system : "");
	(void)snprintf(proof, sizeof(proof), "資産一覧 SHA-256:%s", hz_assets_sha256(v->assets));
	today(date, v->result->now);
	ROW(f, number, "8.13", a->covered ? a->system : "", "資産はバックアップの対象になっているか",
		"資産一覧と方針を照合", proof, a->covered ? "適合" : "不適合", finding, date, "");
}

static void checklist(FILE *f, const void *user)
{
	const struct policy_view *v = user;
	const hz_policy_result *r = v->result;
	char number[16], date[16], proof[8192], finding[1200];
	unsigned n = 0;

	today(date, r->now);
	(void)fputs("\xef\xbb\xbf", f);
	ROW(f, "No.", "管理策", "対象システム", "監査項目", "確認方法", "証跡(記録のUUIDとSHA-256)", "結果", "所見",
		"確認日", "確認者");
	for (uint64_t i = 0; i < r->n_systems; i++) {
		for (uint64_t k = 0; k < r->systems[i]->n_checks; k++) {
			const hz_policy_check *c = r->systems[i]->checks[k];

			evidence(proof, sizeof(proof), c, v);
			(void)snprintf(number, sizeof(number), "%u", ++n);
			(void)snprintf(finding, sizeof(finding), "%s (%s)", c->actual_local, c->target_local);
			ROW(f, number, c->control, r->systems[i]->name, item_of(c->name)->asks, item_of(c->name)->how,
				proof, verdict(c), finding, date, "");
		}
	}
	for (uint64_t i = 0; i < r->n_assets; i++)
		checklist_asset(f, v, r->assets[i], ++n);
}

static const char *grade(uint32_t status)
{
	return status == HZ_POLICY_MET ? "達成" : status == HZ_POLICY_NOT_EVIDENCED ? "未確認" : "未達成";
}

static void effectiveness(FILE *f, const void *user)
{
	const struct policy_view *v = user;
	const hz_policy_result *r = v->result;
	char number[16], date[16], proof[8192], aim[600];
	unsigned n = 0;

	today(date, r->now);
	(void)fputs("\xef\xbb\xbf", f);
	ROW(f, "No.", "目標", "管理策", "指標", "目標値", "実績値", "評価", "評価日", "根拠");
	for (uint64_t i = 0; i < r->n_systems; i++) {
		for (uint64_t k = 0; k < r->systems[i]->n_checks; k++) {
			const hz_policy_check *c = r->systems[i]->checks[k];

			evidence(proof, sizeof(proof), c, v);
			(void)snprintf(number, sizeof(number), "%u", ++n);
			(void)snprintf(aim, sizeof(aim), "%s: %s", r->systems[i]->name, item_of(c->name)->asks);
			ROW(f, number, aim, c->control, item_of(c->name)->measure, c->target_local, c->actual_local,
				grade(c->status), date, proof);
		}
	}
	if (v->assets) {
		char target[64], actual[64];

		(void)snprintf(number, sizeof(number), "%u", ++n);
		(void)snprintf(target, sizeof(target), "%llu", (unsigned long long)r->n_assets);
		(void)snprintf(actual, sizeof(actual), "%llu", (unsigned long long)(r->n_assets - r->not_covered));
		(void)snprintf(proof, sizeof(proof), "資産一覧 SHA-256:%s", hz_assets_sha256(v->assets));
		ROW(f, number, "全資産がバックアップの対象である", "8.13", "対象となっている資産の数", target, actual,
			r->not_covered ? "未達成" : "達成", date, proof);
	}
}

bool policy_csv_is(const char *sheet)
{
	return strcmp(sheet, "checklist") == 0 || strcmp(sheet, "effectiveness") == 0;
}

int policy_csv(struct cli *cli, const struct policy_view *v, const char *sheet, const char *path)
{
	return wholefile_put(cli, path, sheet[0] == 'c' ? checklist : effectiveness, v);
}
