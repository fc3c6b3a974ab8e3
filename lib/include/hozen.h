/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything of libhozen in one include. */
#ifndef HOZEN_H
#define HOZEN_H

#include "hozen/error.h"
#include "hozen/json.h"
#include "hozen/job.h"
#include "hozen/repo.h"
#include "hozen/backup.h"
#include "hozen/snapshot.h"
#include "hozen/restore.h"
#include "hozen/export.h"
#include "hozen/diff.h"
#include "hozen/check.h"
#include "hozen/evidence.h"
#include "hozen/policy.h"
#include "hozen/audit.h"
#include "hozen/benchmark.h"
#include "hozen/device.h"
#include "hozen/sanitize.h"
#include "hozen/mediacheck.h"
#include "hozen/shred.h"
#include "hozen/version.h"
#include "hozen/view.h"

#endif
