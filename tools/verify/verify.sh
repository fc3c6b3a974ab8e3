#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# verify.sh ALLOWED_SIGNERS [FOLDER [PERIOD]]: checks a bundle of evidence with sh, coreutils, findutils, sed, grep, ssh-keygen
# and openssl only. FOLDER: where the bundle is; default: where this script lies. PERIOD: that you asked for (2026 or 2026-11).
#
#	log              one line a record: its name, the SHA-256 of its two files
#	checkpoint       how many lines, and the root of a hash tree over them (RFC 6962), signed
#	records/         the records of the period, each with its signature beside it
#	views/           pages for people, drawn from records; no evidence, and not looked at here
#	allowed_signers  the key that signed, as the bundle itself tells it: no proof of whose it is
#
# ALLOWED_SIGNERS names the keys that you believe, and must have come to you another way; - takes the bundle's own, and then
# the result can only be that all of this belongs together. Whoever could change the bundle could change this script too: to
# be sure use one from elsewhere, with FOLDER. It says what it looked at. Ends with 0 when everything is as it should be,
# 4 when something is not or the keys were the bundle's own, 1 when it could not be looked at.
LC_ALL=C
export LC_ALL
here=$(pwd)
own=
case ${1-} in
'') echo "whose keys do you believe? verify.sh ALLOWED_SIGNERS [FOLDER [PERIOD]]" >&2; exit 1 ;;
-) own=yes ;;
/*) trusted=$1 ;;
*) trusted=$here/$1 ;;
esac
CDPATH='' cd -- "${2:-$(dirname -- "$0")}" || exit 1
[ -z "$own" ] || trusted=$(pwd)/allowed_signers
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0
wrong() {
  printf 'WRONG: %s\n' "$*"
  bad=1
}
for tool in openssl ssh-keygen basenc sha256sum; do
  command -v $tool >/dev/null || { echo "$tool is missing here: nothing was checked"; exit 1; }
done
[ -r "$trusted" ] || { echo "$trusted cannot be read: nothing was checked"; exit 1; }

# Hex to bytes, and the hash of bytes as hex.
bytes() { tr a-f A-F | basenc --base16 -d; }
hash() { sha256sum | cut -c1-64; }

# ---- nothing but files and folders, and none too large, so that nothing here waits for ever
[ -z "$(find . ! -type f ! -type d)" ] || { wrong 'there is something that is no file and no folder'; exit 4; }
for f in log checkpoint period; do
  [ -f $f ] || { wrong "$f is missing"; exit 4; }
done
period=$(cat period)
printf '%s\n' "$period" | cmp -s - period && [ "$(wc -l <period)" = 1 ] && printf '%s\n' "$period" | grep -qxE '[0-9]{4}(-[0-9]{2})?' ||
  { wrong 'period is none'; exit 4; }
[ "${3:-$period}" = "$period" ] || wrong "the bundle is of $period"

# ---- the log: lines of one form
hex='[0-9a-f]'
line="[0-9]{4}-[0-9]{2}/$hex{8}-$hex{4}-$hex{4}-$hex{4}-$hex{12} $hex{64} $hex{64}"
n=$(wc -l <log)
[ "$(grep -cEx "$line" log)" = "$n" ] && [ "$(wc -c <log)" = $((n * 175)) ] || { wrong 'the log has a line that is none'; exit 4; }
[ "$(cut -d' ' -f1 log | sort | uniq -d | wc -l)" = 0 ] || wrong 'the log names a record twice'

# ---- the key: that of the checkpoint's origin, if ssh-keygen takes it for records at the time of the newest one
when() { sed -n 's/^ *"end": "\([0-9]*\)-\([0-9]*\)-\([0-9]*\)T\([0-9]*\):\([0-9]*\):\([0-9]*\)\..*/\1\2\3\4\5\6Z/p; s/^ *"start": "\([0-9]*\)-\([0-9]*\)-\([0-9]*\)T\([0-9]*\):\([0-9]*\):\([0-9]*\)\..*/\1\2\3\4\5\6Z/p' "$1" | head -2 | tail -1; }
# The public key in a signature of SSH: 32 bytes behind "SSHSIG", a version, and two lengths and names.
key_of() { sed '/^---/d' "$1" | tr -d '\n' | base64 -d 2>/dev/null | tail -c +34 | head -c 32 | basenc --base16 -w 0 | tr A-F a-f; }
takes() { # RECORD
  t=$(when "$1")
  who=$(ssh-keygen -Y find-principals -Overify-time="$t" -f "$trusted" -s "$1.sig" 2>/dev/null | head -1)
  ssh-keygen -Y verify -Overify-time="$t" -f "$trusted" -I "${who:-nobody}" -n hozen-record -s "$1.sig" <"$1" >/dev/null 2>&1
}
key=
for f in $(grep "^$period" log | cut -d' ' -f1 | tail -1); do
  f=records/$f.json
  [ -f "$f" ] && [ -f "$f.sig" ] && takes "$f" && key=$(key_of "$f.sig")
done
[ ${#key} = 64 ] || { wrong 'the newest record of the period is not by a key that is believed'; exit 4; }
origin=hozen.log/$(echo "$key" | bytes | hash)

# ---- the checkpoint: three lines, an empty one, a signature over the three
size=$(sed -n 2p checkpoint)
[ "$n" = "$size" ] || wrong "the log has $n lines, the checkpoint says $size"
root=$(sed -n 3p checkpoint)
sig=$(sed -n '5s/.* //p' checkpoint)
printf '%s\n%s\n%s\n' "$origin" "$size" "$root" >"$work/text"
{ cat "$work/text"; printf '\n\342\200\224 %s %s\n' "$origin" "$sig"; } >"$work/whole"
cmp -s "$work/whole" checkpoint || wrong 'the checkpoint has another form'
echo "$sig" | base64 -d 2>/dev/null >"$work/sig4"
[ "$(base64 -w 0 <"$work/sig4")" = "$sig" ] || wrong "the checkpoint's signature is written in another way"
tail -c +5 "$work/sig4" >"$work/sig"
{ printf '%s\n\001' "$origin"; echo "$key" | bytes; } | hash | cut -c1-8 | bytes >"$work/id"
head -c 4 "$work/sig4" | cmp -s - "$work/id" || wrong "the checkpoint's signature names another key"
{ echo 302a300506032b6570032100 | bytes; echo "$key" | bytes; } >"$work/key.der"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/text" -sigfile "$work/sig" >/dev/null 2>&1 ||
  wrong "the checkpoint's signature is bad"

# ---- the root over the lines of the log
# The hashes of pieces of a file, one a line; the pieces have one length, or are the lines.
hashes() { # FILE SPLIT-OPTION LENGTH
  rm -rf "$work/pieces"
  mkdir "$work/pieces"
  split "$2" "$3" -a 6 "$1" "$work/pieces/"
  (cd "$work/pieces" && find . -type f | sort | xargs -r sha256sum) | cut -c1-64
}
# Leaves: SHA-256 of a zero byte and the line. Then pairs, level by level: SHA-256 of a one byte and both; a last one without
# a partner goes up as it is.
sed 's/^/\x00/' log >"$work/leaves"
hashes "$work/leaves" -l 1 >"$work/level"
while [ "$(wc -l <"$work/level")" -gt 1 ]; do
  paste -d '' - - <"$work/level" >"$work/pairs"
  grep -xE "$hex{128}" "$work/pairs" | sed 's/^/01/' | bytes >"$work/nodes"
  { hashes "$work/nodes" -b 65; grep -xE "$hex{64}" "$work/pairs"; } >"$work/level"
done
h=$(cat "$work/level")
[ -n "$h" ] || h=$(printf '' | hash)
[ "$(echo "$h" | bytes | base64)" = "$root" ] || wrong 'the entries of the log are not those that were signed'

# ---- the records of the period: each file as its entry says, each signature good
grep "^$period" log >"$work/entries" || :
records=$(wc -l <"$work/entries")
[ "$records" -gt 0 ] || wrong "there is no record of $period"
while read -r name of_record of_sig; do
  printf '%s  records/%s.json\n%s  records/%s.json.sig\n' "$of_record" "$name" "$of_sig" "$name"
done <"$work/entries" >"$work/sums"
sha256sum --quiet --strict -c "$work/sums" >"$work/differ" 2>&1 ||
  wrong "$(cat "$work/differ")"
while read -r name _; do
  f=records/$name.json
  [ -f "$f" ] && [ -f "$f.sig" ] || continue
  takes "$f" || wrong "$f: the signature is bad, or its signer is not believed for that time"
done <"$work/entries"
sed 's/.*  //' "$work/sums" | sort >"$work/named"
find records -type f | sort | cmp -s - "$work/named" || wrong 'records/ has other files than the log names for the period'

echo "log          $n entries, root $root"
echo "records      $records of $period, each with its signature"
echo "key          SHA256:$({ echo 0000000b7373682d6564323535313900000020 | bytes; echo "$key" | bytes; } | sha256sum | cut -c1-64 | bytes | base64 | tr -d =)"
[ ! -d views ] || echo "not checked  views/: pages for people, drawn from records; what they say is in records/"
echo "not checked  whether entries are missing at the end: compare with a checkpoint that was kept elsewhere"
[ $bad = 0 ] || exit 4
if [ "$own" ]; then
  echo 'all of this belongs together; whose key it is is not known: give an allowed_signers file that came to you another way'
  exit 4
fi
echo 'everything is as it was signed'
