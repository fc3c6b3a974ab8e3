#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The template of translations, from the sources: sh po/pot.sh OUT. Messages are marked by the functions that take them.
set -eu
out=$1
cd "$(dirname "$0")/.."
find lib tools -name '*.[ch]' | LC_ALL=C sort | xargs xgettext --language=C --from-code=UTF-8 --package-name=hozen \
  -k -k_ -kN_ -klang_say:2 -kngettext:1,2 -kerr_set:3 -kerr_errno:2 -kerr_errno_as:3 -kerr_wrap:3 -kerr_hint:2 -kerr_text -kjob_event:5 \
  -krestore_event:5 -krestore_target_failed:4 -ktarget_failed:3 -krestore_short:2 -kdiffers:2 -kdrill_says:3 -kfall_short:2 -kscan_error:5 \
  -klog_tell:6 -kexamined_tell:3 -kpolicy_wrong:3 -kcsv_wrong:2 -kjudge_target:4 -kjudge_actual:4 -kcheck_damage:4 -kexport_short:2 -kshred_event:3 -kadd_reason:2 -o "$out"
