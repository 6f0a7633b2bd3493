#!/bin/sh
# Builds the dashboard and fails when the shipped copy differs from its source.
set -eu
cd "$(dirname "$0")/.."

built=src/ohmstead/web/static
apidocs=src/ohmstead/apidocs/static

if [ ! -f web/package-lock.json ]; then
    echo "dashboard: web/package-lock.json is missing" >&2
    exit 1
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "dashboard: SKIPPED, npm was not found (only needed to change the dashboard)"
    exit 0
fi
if [ -n "$(git status --porcelain -- web "$built" "$apidocs")" ]; then
    echo "dashboard: commit web/, $built and $apidocs first; the comparison needs a clean start" >&2
    exit 1
fi

npm --prefix web ci --no-audit --no-fund
npm --prefix web run check
npm --prefix web run build

if [ -n "$(git status --porcelain -- "$built" "$apidocs")" ]; then
    git --no-pager diff --stat -- "$built" "$apidocs"
    echo "dashboard: $built is not what web/ builds; run 'npm --prefix web run build' and commit it" >&2
    exit 1
fi
echo "dashboard: the shipped copy matches its source"
