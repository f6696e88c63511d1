# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Counting test results. Only what ran and passed counts as passed: skipped, unfinished and crashed count as failed.

# tap_count FILE STATUS: "passed failed" of one TAP stream whose program ended with STATUS. Only top-level points count,
# each once; a plan that was not kept, no plan at all, or a bad end without a failed point is one more failure.
tap_count() {
  awk -v status="$2" '
    /^ok / { seen++; if (tolower($0) ~ /# *(skip|todo)/) failed++; else passed++ }
    /^not ok / { seen++; failed++ }
    /^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
    /^Bail out!/ { bailed = 1 }
    END {
      if (!planned || plan != seen || bailed || seen == 0) failed++
      else if (status != 0 && failed == 0) failed++
      print passed + 0, failed + 0
    }' "$1"
}

# trs_count FOLDER: the same of what the build harness left in FOLDER: its .trs files, one line a point.
trs_count() {
  find "$1" -name '*.trs' -type f -exec cat {} + | awk '
    /^:test-result: PASS/ { passed++; next }
    /^:test-result:/ { failed++ }
    END { print passed + 0, failed + 0 }'
}
