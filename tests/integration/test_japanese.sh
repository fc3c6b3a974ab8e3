#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test-timeout: 600
# The Japanese messages: complete, with the same format specifiers, found and printed by all three tools; JSON stays what it is.
# shellcheck source=tests/integration/cli.sh
. "$(dirname "$0")/cli.sh"
top=$tests/..
po=$top/po/ja.po
for tool in xgettext msgfmt msgmerge msgattrib; do
  command -v "$tool" >/dev/null || { echo "skipped: no $tool (package gettext)"; exit 77; }
done

# --- the catalogue, and the sources as they are now
msgfmt --check --check-format -o "$T/hozen.mo" "$po" 2>"$T/err" || { cat "$T/err" >&2; fail "ja.po is not right"; }
[ ! -s "$T/err" ] || { cat "$T/err" >&2; fail "msgfmt has something to say of ja.po"; }
sh "$top/po/pot.sh" "$T/hozen.pot" || fail "no template could be made"
msgmerge -q --no-fuzzy-matching --no-location -o "$T/now.po" "$po" "$T/hozen.pot" || fail "msgmerge"
for what in untranslated only-fuzzy; do
  msgattrib "--$what" --no-obsolete --no-wrap -o "$T/left.po" "$T/now.po"
  if [ -s "$T/left.po" ]; then
    cat "$T/left.po" >&2
    fail "$what messages: ninja -C BUILD po-update, then translate them in po/ja.po"
  fi
done

# --- the tools. Where the build looks for translations, there are those of this build.
locale=$HOZEN_BIN/../locale
if [ ! -f "$locale/ja/LC_MESSAGES/hozen.mo" ]; then
  echo "skipped: what the tools print; this build has no translations beside it"
  exit 0
fi
is_utf8() {
  iconv -f UTF-8 -t UTF-8 "$T/out" >/dev/null && iconv -f UTF-8 -t UTF-8 "$T/err" >/dev/null || fail "what was printed is no UTF-8"
}
# In a locale that is there everywhere; gettext does without a Japanese one when LANGUAGE is set.
speaks_japanese() { # environment...
  for tool in "$HB" "$HV" "$HOZEN_BIN/hozen-erase"; do
    run 0 env "$@" "$tool" --help
    is_utf8
    prints '使い方: '
    prints '^終了コード:$'
    run 2 env "$@" "$tool" --no-such-option
    is_utf8
    says '不明なオプション --no-such-option です'
  done
  for command in init create snapshots ls cat find diff stats restore export check 'key list' 'key export' 'benchmark cpu' \
    'verify repo' 'verify drill' 'verify report' 'verify log' 'verify policy' 'verify due' 'verify bundle' 'verify media' \
    'verify validate' 'verify selftest' 'erase list' 'erase plan' 'erase run' 'erase resume' 'erase status' 'erase file' \
    'erase free-space' 'erase selftest'; do
    case $command in verify\ * | erase\ *) of=$HOZEN_BIN/hozen-$command ;; *) of="$HB $command" ;; esac
    # shellcheck disable=SC2086 # several words
    run 0 env "$@" $of --help
    is_utf8
    prints '^オプション:$\|全コマンド共通のオプション:'
    # The help of options begins in one column, and no line is wider than a terminal can be expected to be.
    python3 - "$T/out" <<'PY' || fail "$command --help: a line is too wide"
import sys, unicodedata
wide = [l for l in open(sys.argv[1], encoding='utf-8').read().split('\n')
        if sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in l) > 124]
sys.stderr.writelines(l + '\n' for l in wide)
sys.exit(bool(wide))
PY
  done
}
speaks_japanese LC_ALL=C.UTF-8 LANGUAGE=ja
if localedef -i ja_JP -f UTF-8 "$T/ja_JP.UTF-8" >/dev/null 2>&1; then
  speaks_japanese "LOCPATH=$T" LC_ALL=ja_JP.UTF-8
  # The library's message, and what the C library says of the errno behind it.
  run 1 env "LOCPATH=$T" LC_ALL=ja_JP.UTF-8 "$HB" snapshots --repo "$T/none"
  says 'リポジトリ'
else
  echo "skipped: LC_ALL=ja_JP.UTF-8; this system cannot make that locale (package locales)"
fi

# Without a language, and in the C locale, it is English.
run 2 env -u LANGUAGE LC_ALL=C.UTF-8 "$HB" --no-such-option
says 'unknown option --no-such-option'
run 2 env LANGUAGE=ja LC_ALL=C "$HB" --no-such-option
says 'unknown option --no-such-option'

# --- a session
export LANGUAGE=ja
make_passphrase
export HOZEN_PASSPHRASE_FILE="$T/pass" HOZEN_REPO="$T/repo"
run 0 "$HB" init
prints 'リポジトリ .* を .* に作成しました'
mkdir -p "$T/src"
echo hello >"$T/src/a"
echo secret >"$T/src/日本語の名前"
run 0 "$HB" create "$T/src"
is_utf8
prints '新規 2、変更 0、変更なし 0'
run 0 "$HB" check --read-data
is_utf8
prints '破損は見つかりませんでした'
run 0 "$HB" stats
# Columns of the terminal, not bytes: every count ends in the same one.
python3 - "$T/out" <<'PY' || fail "stats: columns do not line up"
import re, sys, unicodedata
def width(s):
  return sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in s)
ends = {width(m.group(0)) for l in open(sys.argv[1], encoding='utf-8') for m in [re.match(r"  (\S+) +\d+(?= )", l)] if m}
sys.exit(len(ends) != 1 and str(ends))
PY
run 0 "$HB" snapshots
prints '日時'
run 0 "$HB" restore latest --target "$T/back"
is_utf8
prints 'を復元しました'
run 5 "$HB" restore latest --target "$T/back"
is_utf8
says 'は空ではありません'
run 0 "$HV" log
is_utf8
prints '削除、変更、挿入、移動はありません'
cp -r "$HOZEN_STATE_DIR/evidence" "$T/changed"
for record in "$T"/changed/records/*/*.json; do sed -i s/8.13/8.14/ "$record"; done
run 4 "$HV" log "$T/changed"
is_utf8
prints '記録がエントリの示す内容と異なります'
run 0 "$HV" selftest
prints '既知の解答と一致します'

# --- JSON: the same keys, codes and words of the format; only messages for people are in the language
run 5 "$HB" restore latest --target "$T/back" --json
is_utf8
cp "$T/out" "$T/ja.json"
run 5 env -u LANGUAGE "$HB" restore latest --target "$T/back" --json
cp "$T/out" "$T/en.json"
python3 - "$T/ja.json" "$T/en.json" <<'PY' || fail "JSON differs in more than its messages"
import json, sys
def lines(path):
  return [json.loads(l) for l in open(path, encoding='utf-8')]
def bare(v):
  if isinstance(v, dict):
    return {k: bare(x) for k, x in v.items() if k not in ('message', 'hint', 'record', 'total_duration')}
  return [bare(x) for x in v] if isinstance(v, list) else v
ja, en = lines(sys.argv[1]), lines(sys.argv[2])
assert bare(ja) == bare(en), (ja, en)
assert any('復元先' in str(l.get('message')) for l in ja), ja
PY
for command in snapshots 'ls latest' stats 'check --read-data' 'key list' 'diff latest latest' 'find *' --version; do
  set -f
  # shellcheck disable=SC2086 # several words
  run 0 "$HB" $command --json
  cp "$T/out" "$T/ja.json"
  # shellcheck disable=SC2086
  run 0 env -u LANGUAGE "$HB" $command --json
  set +f
  sed 's/"[a-z_]*duration[a-z_]*": *[0-9.e-]*//g; s/"record[a-z_]*": *"[^"]*"//g' "$T/ja.json" >"$T/ja"
  sed 's/"[a-z_]*duration[a-z_]*": *[0-9.e-]*//g; s/"record[a-z_]*": *"[^"]*"//g' "$T/out" >"$T/en"
  cmp "$T/ja" "$T/en" || fail "$command --json depends on the language"
done
