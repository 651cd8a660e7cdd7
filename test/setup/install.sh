#!/bin/sh
# Makes a fresh clone ready: npm's packages and the build. Does nothing where both are there.
set -eu
[ -e node_modules/.package-lock.json ] || exec npm ci
[ -e dist/bus/cli/main.js ] || npm run -s build
