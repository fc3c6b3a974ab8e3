#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Pages of records and of a folder: the same facts in text, HTML and PDF, in both languages, from records that a second
# implementation wrote (make_evidence.py); where fonts or the module are missing that is said.
# test-timeout: 900
. "${HOZEN_TESTS:?}/integration/cli.sh"
for tool in python3 openssl pdftotext pdftoppm pdffonts pdfinfo readelf; do command -v $tool >/dev/null || exit 77; done
export TZ=Asia/Tokyo
module=$HOZEN_BIN/../lib/hozen/libhozen-view.so
[ -f "$module" ] || fail 'there is no module beside the library'

# --- what makes backups loads no cairo
for object in "$HB" "$HV" "$HOZEN_BIN/../lib/libhozen.so"; do
  readelf -d "$object" >"$T/needed" || fail "readelf $object"
  ! grep -q 'cairo\|pango\|qrencode\|glib' "$T/needed" || fail "$object is linked with what only pages need"
done

python3 "$tests/integration/make_evidence.py" "$T/ev" 2024-10-31T11:00:00Z 36 >"$T/facts" || fail 'make_evidence.py'
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
  page 0 $format en --overview --period 2024-10
  bare "$T/page.$format"
  for fact in 'Attention needed: 1 of 3 systems' 'database in repository a1b2c3d4' 'missed 2' 'failed 1' 'JST (UTC+09:00)' "$root" \
    'RTO 2 h' 'Control by control' '8.34' 'no policy on record' 'Sanitization of a medium' 'not evidenced' 'Approved by'; do has "$fact"; done
  page 0 $format ja --overview --period 2024-10
  bare "$T/page.$format"
  for fact in '要注意: 1 システム（全 3）' 'database（リポジトリ a1b2c3d4）' '未取得 2' '失敗 1' "$root" '管理策ごとの状況' '証拠なし' '承認'; do has "$fact"; done
  # Every record of the period is in the annex.
  sed -n 's,^2024-10/\([^ ]*\) \([0-9a-f]*\) .*,\1 \2,p' "$T/ev/log" >"$T/october"
  n=0
  while read -r id hash; do
    { grep -qF "$id" "$T/bare" && grep -qF "$hash" "$T/bare"; } || fail "$format: record $id or its hash is not in the annex"
    n=$((n + 1))
  done <"$T/october"
  [ $n -gt 50 ] || fail 'october has no records'
done

# --- page 1: what the records say of each host, as the generator of them computes it
fact() { # HOST NAME
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["page_1"][sys.argv[2]][sys.argv[3]])' "$T/facts" "$1" "$2"
}
for format in text html pdf; do
  page 0 $format en --overview --period 2024-10
  bare "$T/page.$format"
  python3 - "$T/bare" "$format" <<'P' || fail 'page 1'
import sys
text = open(sys.argv[1], encoding="utf-8").read()
page = text[:text.index("Controlbycontrol")]
cards = page.split("inrepositorya1b2c3d4")
for i, card in enumerate(cards[1:4]):
  name = [n for n in ("fileserver", "database", "laptop-eigyo-03") if cards[i].endswith(n)][0]
  # Columns of a PDF come in an order of their own.
  open("%s.%s" % (sys.argv[1], name), "w", encoding="utf-8").write(page if sys.argv[2] == "pdf" else card)
open(sys.argv[1], "w", encoding="utf-8").write(page)
P
  for fact in 'Next run' 'Oldest unverified data' 'Keys that need care' 'every record is by a key that is believed' \
    'no policy record says what is allowed'; do has "$fact"; done
  for host in fileserver database laptop-eigyo-03; do
    mv "$T/bare.$host" "$T/bare"
    has "$(fact $host last), done"
    has "about $(fact $host next), as the records go on"
    has "$(fact $host unread) ("
  done
done
# A key that is overdue by the policy, whose hash stands beside its name.
python3 "$tests/integration/make_evidence.py" "$T/ev2" 2024-10-31T11:00:00Z 36 2 policy >"$T/facts2" || fail 'make_evidence.py'
for format in text html pdf; do
  run 0 env HOZEN_EVIDENCE_DIR="$T/ev2" "$HV" report --trust "$T/ev2/allowed_signers" --overview --period 2024-10 --format $format \
    --lang en --output "$T/page.$format"
  bare "$T/page.$format"
  # Of a light each form has a sign of its own.
  tr -d '[]!?' <"$T/bare" >"$T/plain"
  mv "$T/plain" "$T/bare"
  for fact in 'Something is overdue' 'backup-policy, evaluated 2024-10-31 19:00' "$(python3 -c 'print("fe" * 32)')"; do has "$fact"; done
  grep -q 'key_age:overdue' "$T/bare" || fail "$format: the key is not among those that need care"
done

# --- each page has the head of the log, or the hash of its record, as text and as a code
each_page() { # TEXT CODE: of $T/page.pdf
  [ "$(pdfinfo "$T/page.pdf" | sed -n 's/^Pages: *//p')" -ge "$3" ] || fail "less than $3 pages"
  pdftotext "$T/page.pdf" - | python3 -c '
import sys
pages = sys.stdin.read().split("\f")[:-1]
for i, page in enumerate(pages):
  if sys.argv[1] not in "".join(page.split()):
    sys.exit("page %d of %d lacks %s" % (i + 1, len(pages), sys.argv[1]))
' "$1" || fail 'the hash is not on each page'
  rm -f "$T"/shot*
  pdftoppm -r 150 -gray "$T/page.pdf" "$T/shot"
  for shot in "$T"/shot*; do
    python3 - "$shot" <<'P' || fail "no code on $shot"
# Finder patterns, dark and light as 1:1:3:1:1, in rows of the picture: two side by side, and one below.
import itertools, sys
_, size, _, pixels = open(sys.argv[1], "rb").read().split(b"\n", 3)
width, height = map(int, size.split())
found = set()
for y in range(height):
  runs = [(k, len(list(g))) for k, g in itertools.groupby(v < 128 for v in pixels[y * width:(y + 1) * width])]
  x = 0
  for i in range(len(runs) - 4):
    lengths = [n for _, n in runs[i:i + 5]]
    unit = sum(lengths) / 7
    if runs[i][0] and unit > 1 and all(abs(n - unit * w) <= max(1, unit / 2) for n, w in zip(lengths, (1, 1, 3, 1, 1))):
      found.add((x // 40, y // 40))
    x += runs[i][1]
sys.exit(len({x for x, _ in found}) < 2 or len({y for _, y in found}) < 2)
P
    # Not every machine that tests has a reader of codes.
    if command -v zbarimg >/dev/null; then
      code=$(zbarimg -q --raw "$shot" 2>/dev/null)
      [ "$code" = "$2" ] || fail "the code on $shot is '$code' instead of $2"
    fi
  done
}
page 0 pdf ja --overview --period 2024-10
each_page "$root" "hozen:log:size:$(sed 's/.*"entries": \([0-9]*\).*/\1/' "$T/facts"):root:$root" 3
record=$(grep -l '"kind": "drill"' "$T"/ev/records/2024-10/*.json | head -1)
hash=$(sha256sum "$record" | cut -c1-64)
page 0 pdf en "$record"
each_page "$hash" "hozen:record:$(basename "$record" .json):sha256:$hash" 2
page 0 pdf ja --overview --period 2024-10

# --- PDF: fonts are in it, Japanese too; the same input gives the same bytes
pdffonts "$T/page.pdf" | tail -n +3 >"$T/fonts"
[ -s "$T/fonts" ] || fail 'no fonts'
! awk '{ print $(NF - 4) }' "$T/fonts" | grep -qv yes || { cat "$T/fonts" >&2; fail 'a font is not embedded'; }
pdfinfo "$T/page.pdf" | grep -q 'Title: .*概要' || fail 'the title'
cp "$T/page.pdf" "$T/before.pdf"
page 0 pdf ja --overview --period 2024-09
cp "$T/page.pdf" "$T/before.pdf"
page 0 pdf ja --overview --period 2024-09
cmp "$T/page.pdf" "$T/before.pdf" || fail 'the same page has other bytes'

# --- HTML: one file, no script, nothing from outside
page 0 html ja --overview --period 2024-10
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
record=$(grep -l '"outcome": "exceptions"' "$T"/ev/records/2024-10/*.json | head -1)
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
run 0 "$HV" report $trust --json --format html --lang en --output "$T/many" "$T"/ev/records/2024-09/*.json
[ "$(find "$T/many" -name '*.en.html' | wc -l)" = "$(find "$T/ev/records/2024-09" -name '*.json' | wc -l)" ] || fail 'a page each'
python3 "$tests/integration/schema_check.py" "$tests/../docs/schemas" <"$T/out" || fail schema

# --- what is asked for wrongly
run 2 "$HV" report --format png "$record"
run 2 "$HV" report --lang fr "$record"
run 2 "$HV" report
run 2 "$HV" report --overview --period 2024-13
run 2 "$HV" report --period 2024-10 "$record"

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
  run 3 env FONTCONFIG_FILE="$T/fonts.conf" "$HV" bundle $trust --period 2024-10 --out "$T/bare-bundle"
  grep -q 'no font' "$T/bare-bundle/views/README" || fail 'the note'
fi

# --- a bundle has the overview of its period
# shellcheck disable=SC2086
run 0 "$HV" bundle $trust --period 2024-10 --out "$T/bundle"
for f in en.html en.pdf ja.html ja.pdf; do [ -s "$T/bundle/views/overview.$f" ] || fail "views/overview.$f"; done
run 0 sh "$T/bundle/verify.sh" "$T/ev/allowed_signers"
prints 'not checked  views/'
# shellcheck disable=SC2086
run 0 "$HV" bundle $trust --lang ja --period 2024-09 --out "$T/bundle2"
[ "$(find "$T/bundle2/views" -type f | wc -l)" = 2 ] || fail '--lang'
