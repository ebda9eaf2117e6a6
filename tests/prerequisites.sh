#!/usr/bin/env bash
# Installs what the tests need beyond Rust, git, a C compiler, Python and Node. Run by `make test`; quick when all is there.
#
# Programs come from Debian's packages, Python tools into .venv. A test that needs one of them fails without it: none skips itself.
set -euo pipefail
cd "$(dirname "$0")/.."

# "program package": the package is installed when the program is not found.
programs=(
  "ssh-keygen openssh-client"
  "gpg gnupg"
  "gpgv gpgv"
  "chromium chromium"
)

missing=()
for line in "${programs[@]}"; do
  read -r program package <<<"$line"
  command -v "$program" >/dev/null || missing+=("$package")
done
# Debian keeps PostgreSQL's server programs outside of the search path.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)

if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "the tests need these Debian packages, or what they hold: ${missing[*]}" >&2
    exit 1
  fi
  sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  export DEBIAN_FRONTEND=noninteractive
  "${sudo[@]}" apt-get update --quiet
  "${sudo[@]}" apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
fi

# A digest of the lists says whether the environment is up to date.
wanted=$(cat tests/requirements.txt tests/package.json | sha256sum | cut -d' ' -f1)
if [ "$(cat .venv/requirements.digest 2>/dev/null)" != "$wanted" ]; then
  python3 -m venv .venv || { echo "python3 needs its venv module: apt-get install python3-venv" >&2; exit 1; }
  .venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
  mkdir -p .venv/node
  cp tests/package.json .venv/node/
  npm install --prefix .venv/node --ignore-scripts --no-audit --no-fund --loglevel=error
  echo "$wanted" >.venv/requirements.digest
fi
