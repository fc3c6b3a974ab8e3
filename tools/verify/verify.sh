#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# verify.sh [ALLOWED_SIGNERS]: checks this bundle of evidence with sh, coreutils, sed, grep, ssh-keygen and openssl only.
#
#	log              one line a record: its name, the SHA-256 of its two files
#	checkpoint       how many lines, and the root of a hash tree over them (RFC 6962), signed
#	records/         the records of the period, each with its signature beside it
#	allowed_signers  the key that signed, as the bundle itself tells it
#
# ALLOWED_SIGNERS is a file of the same form that came to you another way. Without it the result is: all of this belongs
# together, and whoever made it holds the key that is printed. It says what it looked at, and ends with 0 when everything
# is as it should be, 4 when something is not.
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")" || exit 1
trusted=${1:-allowed_signers}
case $trusted in /* | allowed_signers) ;; *) trusted=$OLDPWD/$trusted ;; esac
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0
wrong() {
  echo "WRONG: $*"
  bad=1
}
for tool in openssl ssh-keygen basenc sha256sum; do
  command -v $tool >/dev/null || { echo "$tool is missing here: nothing was checked"; exit 1; }
done
[ -r "$trusted" ] || { echo "$trusted cannot be read: nothing was checked"; exit 1; }

# Hex to bytes, and the hash of bytes as hex.
bytes() { tr a-f A-F | basenc --base16 -d; }
hash() { sha256sum | cut -c1-64; }

# ---- the key: the last 32 bytes of what stands behind its type
key=$(grep -v '^#' "$trusted" | sed -n 's/.*ssh-ed25519 \([A-Za-z0-9+/=]*\).*/\1/p' | while read -r k; do
  raw=$(echo "$k" | base64 -d | tail -c 32 | basenc --base16 -w 0 | tr A-F a-f)
  id=$(echo "$raw" | bytes | hash)
  [ "$(head -1 checkpoint)" = "hozen.log/$id" ] && echo "$raw" && break
done)
[ -n "$key" ] || { wrong "no key of $trusted is the one of this log"; exit 4; }
origin=hozen.log/$(echo "$key" | bytes | hash)

# ---- the checkpoint: three lines, an empty one, a signature over the three
size=$(sed -n 2p checkpoint)
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

# ---- the log: lines of one form, and the root over them
hex='[0-9a-f]'
line="[0-9]{4}-[0-9]{2}/$hex{8}-$hex{4}-$hex{4}-$hex{4}-$hex{12} $hex{64} $hex{64}"
n=$(wc -l <log)
[ "$(grep -cEx "$line" log)" = "$n" ] && [ "$(wc -c <log)" = $((n * 175)) ] || wrong 'the log has a line that is none'
[ "$n" = "$size" ] || wrong "the log has $n lines, the checkpoint says $size"
[ "$(cut -d' ' -f1 log | sort | uniq -d | wc -l)" = 0 ] || wrong 'the log names a record twice'

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
period=$(cat period)
grep "^$period" log >"$work/entries" || :
records=$(wc -l <"$work/entries")
while read -r name of_record of_sig; do
  printf '%s  records/%s.json\n%s  records/%s.json.sig\n' "$of_record" "$name" "$of_sig" "$name"
done <"$work/entries" >"$work/sums"
sha256sum --quiet --strict -c "$work/sums" >"$work/differ" 2>&1 ||
  { [ "$records" = 0 ] || wrong "$(cat "$work/differ")"; }
who=
while read -r name _; do
  f=records/$name.json
  [ -f "$f" ] && [ -f "$f.sig" ] || continue
  takes() { ssh-keygen -Y verify -f "$trusted" -I "${who:-nobody}" -n hozen-record -s "$f.sig" <"$f" >/dev/null 2>&1; }
  takes && continue
  who=$(ssh-keygen -Y find-principals -f "$trusted" -s "$f.sig" 2>/dev/null | head -1)
  takes || wrong "$f: the signature is bad, or its signer is not believed"
done <"$work/entries"
files=$(find records -type f | wc -l)
[ "$files" = $((records * 2)) ] || wrong "records has $files files, and $records records of the period have $((records * 2))"

echo "log          $n entries, root $root"
echo "records      $records of $period, each with its signature"
echo "key          SHA256:$({ echo 0000000b7373682d6564323535313900000020 | bytes; echo "$key" | bytes; } | sha256sum | cut -c1-64 | bytes | base64 | tr -d =)"
[ "$trusted" = allowed_signers ] && echo "not checked  whose key that is: give an allowed_signers file that came to you another way"
echo "not checked  whether entries are missing at the end: compare with a checkpoint that was kept elsewhere"
if [ $bad = 0 ]; then echo 'everything is as it was signed'; else exit 4; fi
