#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Pages of records and of a folder: the same facts in text, HTML and PDF, in both languages, from records that a second
# implementation wrote (make_evidence.py); where fonts or the module are missing that is said.
# test-timeout: 900
. "${HOZEN_TESTS:?}/integration/cli.sh"
for tool in python3 openssl pdftotext pdffonts pdfinfo readelf; do command -v $tool >/dev/null || exit 77; done
export TZ=Asia/Tokyo
module=$HOZEN_BIN/../lib/hozen/libhozen-view.so
[ -f "$module" ] || fail 'there is no module beside the library'

# --- what makes backups loads no cairo
for object in "$HB" "$HV" "$HOZEN_BIN/../lib/libhozen.so"; do
  readelf -d "$object" >"$T/needed" || fail "readelf $object"
  ! grep -q 'cairo\|pango\|qrencode\|glib' "$T/needed" || fail "$object is linked with what only pages need"
done

python3 "$tests/integration/make_evidence.py" "$T/ev" 2026-11-28T11:00:00Z 36 >"$T/facts" || fail 'make_evidence.py'
export HOZEN_EVIDENCE_DIR="$T/ev"
trust="--trust $T/ev/allowed_signers"
root=$(sed 's/.*"root": "\([^"]*\)".*/\1/' "$T/facts")
page() { # CODE FORMAT LANG ARGUMENT...: into $T/page
  want_page=$1 format=$2 lang=$3
  shift 3
  run "$want_page" "$HV" report $trust "$@" --format "$format" --lang "$lang" --output "$T/page.$format"
}
# The text of a PDF or an HTML page, without spaces: lines are broken where there is room.
bare() { # FILE
  case $1 in
  *.pdf) pdftotext "$1" - ;;
  *.html) python3 -c 'import html,re,sys; t=open(sys.argv[1],encoding="utf-8").read(); print(html.unescape(re.sub("<style.*?</style>|<[^>]*>", " ", t, flags=re.S)))' "$1" ;;
  *) cat "$1" ;;
  esac | python3 -c 'import sys; print("".join(sys.stdin.read().split()))' >"$T/bare"
}
has() {
  grep -qF "$(printf '%s' "$1" | tr -d ' ')" "$T/bare" || { cut -c1-2000 "$T/bare" >&2; fail "$format $lang: no '$1'"; }
}

# --- the overview: facts that were put into the records, in each form
for format in text html pdf; do
  page 0 $format en --overview --period 2026-11
  bare "$T/page.$format"
  for fact in 'Attention needed: 1 of 3 systems' 'database in repository a1b2c3d4' 'missed 2' 'failed 1' 'JST (UTC+09:00)' "$root" \
    'RTO 2 h' 'Control by control' '8.34' 'no policy on record' 'Sanitization of a medium' 'not evidenced' 'Approved by'; do has "$fact"; done
  page 0 $format ja --overview --period 2026-11
  bare "$T/page.$format"
  for fact in '要注意: 1 システム（全 3）' 'database（リポジトリ a1b2c3d4）' '未取得 2' '失敗 1' "$root" '管理策ごとの状況' '証拠なし' '承認'; do has "$fact"; done
  # Every record of the period is in the annex.
  sed -n 's,^2026-11/\([^ ]*\) \([0-9a-f]*\) .*,\1 \2,p' "$T/ev/log" >"$T/november"
  n=0
  while read -r id hash; do
    { grep -qF "$id" "$T/bare" && grep -qF "$hash" "$T/bare"; } || fail "$format: record $id or its hash is not in the annex"
    n=$((n + 1))
  done <"$T/november"
  [ $n -gt 50 ] || fail 'november has no records'
done

# --- PDF: fonts are in it, Japanese too; the same input gives the same bytes
pdffonts "$T/page.pdf" | tail -n +3 >"$T/fonts"
[ -s "$T/fonts" ] || fail 'no fonts'
! awk '{ print $(NF - 4) }' "$T/fonts" | grep -qv yes || { cat "$T/fonts" >&2; fail 'a font is not embedded'; }
pdfinfo "$T/page.pdf" | grep -q 'Title: .*概要' || fail 'the title'
cp "$T/page.pdf" "$T/before.pdf"
page 0 pdf ja --overview --period 2026-10
cp "$T/page.pdf" "$T/before.pdf"
page 0 pdf ja --overview --period 2026-10
cmp "$T/page.pdf" "$T/before.pdf" || fail 'the same page has other bytes'

# --- HTML: one file, no script, nothing from outside
page 0 html ja --overview --period 2026-11
! grep -qi '<script\|<link\|<img\|@import\|src=\|http:\|https:' "$T/page.html" || fail 'something from outside'
grep -q '<html lang="ja">' "$T/page.html" || fail 'lang'
grep -q '@page' "$T/page.html" || fail '@page'
python3 - "$T/page.html" <<'P' || fail 'no well-formed markup'
import html.parser, sys
class P(html.parser.HTMLParser):
  open_ = []
  def handle_starttag(self, tag, attrs):
    if tag not in ('meta', 'br', 'path', 'rect', 'circle'):
      self.open_.append(tag)
  def handle_startendtag(self, tag, attrs):
    pass
  def handle_endtag(self, tag):
    if self.open_.pop() != tag:
      sys.exit('</%s> at %s' % (tag, self.getpos()))
p = P()
p.feed(open(sys.argv[1], encoding='utf-8').read())
sys.exit(p.open_ != [])
P

# --- pages of records; who signed
record=$(grep -l '"outcome": "exceptions"' "$T"/ev/records/2026-11/*.json | head -1)
hash=$(sha256sum "$record" | cut -c1-64)
for format in text html pdf; do
  page 0 $format ja "$record"
  bare "$T/page.$format"
  for fact in 'バックアップ: 完了（例外あり）' '見積書_00.xlsx' "$hash" '信頼済み'; do has "$fact"; done
  run 4 "$HV" report "$record" --format $format --lang en --output "$T/page.$format"
  bare "$T/page.$format"
  has 'Intact, signer unknown'
done
sed 's/営業部/経理部/' "$record" >"$T/changed.json"
cp "$record.sig" "$T/changed.json.sig"
rm -f "$T/page.pdf"
page 4 pdf en "$T/changed.json"
[ ! -e "$T/page.pdf" ] || fail 'a changed record has a page'
mkdir "$T/many"
# shellcheck disable=SC2086 # two words
run 0 "$HV" report $trust --json --format html --lang en --output "$T/many" "$T"/ev/records/2026-10/*.json
[ "$(find "$T/many" -name '*.en.html' | wc -l)" = "$(find "$T/ev/records/2026-10" -name '*.json' | wc -l)" ] || fail 'a page each'
python3 "$tests/integration/schema_check.py" "$tests/../docs/schemas" <"$T/out" || fail schema

# --- what is asked for wrongly
run 2 "$HV" report --format png "$record"
run 2 "$HV" report --lang fr "$record"
run 2 "$HV" report
run 2 "$HV" report --overview --period 2026-13
run 2 "$HV" report --period 2026-11 "$record"

# --- fonts without Japanese: an error that names the package, and nothing at the place
dejavu=$(fc-match -f '%{file}' 'DejaVu Sans' 2>/dev/null)
if [ -f "$dejavu" ]; then
  mkdir "$T/fonts.d"
  cp "$dejavu" "$T/fonts.d/"
  printf '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>' \
    "$T/fonts.d" "$T/fonts.cache" >"$T/fonts.conf"
  rm -f "$T/page.pdf"
  # shellcheck disable=SC2086
  run 1 env FONTCONFIG_FILE="$T/fonts.conf" "$HV" report $trust --overview --format pdf --lang ja --output "$T/page.pdf"
  says 'fonts-ipafont-gothic'
  [ ! -e "$T/page.pdf" ] || fail 'a page without letters'
  # shellcheck disable=SC2086
  run 3 env FONTCONFIG_FILE="$T/fonts.conf" "$HV" bundle $trust --period 2026-11 --out "$T/bare-bundle"
  grep -q 'no font' "$T/bare-bundle/views/README" || fail 'the note'
fi

# --- a bundle has the overview of its period
# shellcheck disable=SC2086
run 0 "$HV" bundle $trust --period 2026-11 --out "$T/bundle"
for f in en.html en.pdf ja.html ja.pdf; do [ -s "$T/bundle/views/overview.$f" ] || fail "views/overview.$f"; done
run 0 sh "$T/bundle/verify.sh" "$T/ev/allowed_signers"
prints 'not checked  views/'
# shellcheck disable=SC2086
run 0 "$HV" bundle $trust --lang ja --period 2026-10 --out "$T/bundle2"
[ "$(find "$T/bundle2/views" -type f | wc -l)" = 2 ] || fail '--lang'
