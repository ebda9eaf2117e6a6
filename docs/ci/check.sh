#!/bin/sh
# Any CI system: the environment says what is judged. The exit status is relgate's: 0 pass, 1 blocked, 2 could not judge.
#
#   RELGATE_TAG=v1.4.0 docs/ci/check.sh         a release that exists, or one that would be tagged here
#   RELGATE_BASE=origin/main docs/ci/check.sh   a change, against the branch that it goes to
set -eu
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
  git fetch --quiet --unshallow --tags
fi
mkdir -p reports
if [ -n "${RELGATE_TAG:-}" ]; then
  set -- --tag "$RELGATE_TAG" --stage "${RELGATE_STAGE:-release}"
elif [ -n "${RELGATE_BASE:-}" ]; then
  set -- --base "$RELGATE_BASE" --policy-ref "$RELGATE_BASE"
else
  set --
fi
exec relgate check "$@" --output junit=reports/relgate.xml --output html=reports/relgate.html --output json=reports/relgate.json
