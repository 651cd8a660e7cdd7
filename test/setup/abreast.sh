#!/usr/bin/env bash
# Runs groups of test projects at the same time, those of a group one after the other: tests of real
# processes mostly wait. They need `npm run build` before. Each line says whose it is. A group ends
# with its first failure, the others run on.
#   bash test/setup/abreast.sh "cli" "net interop"
set -euo pipefail

run_group() {
  for project in $1; do
    npx vitest run --project "$project" 2>&1 | sed -u "s/^/$project: /"
  done
}

pids=()
for group in "$@"; do
  run_group "$group" &
  pids+=("$!")
done
code=0
for pid in "${pids[@]}"; do
  wait "$pid" || code=1
done
exit "$code"
