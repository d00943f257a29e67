#!/bin/sh
# Install the programs some tests call, where this user may; name the missing ones.
# A test asks for its program with `require_program`; without it, it is listed as not
# run, and on a build server that is a failure.
set -u

missing=""
while read -r program package; do
    case "$program" in "" | "#"*) continue ;; esac
    command -v "$program" >/dev/null 2>&1 || missing="$missing $package"
done <"$(dirname "$0")/system_packages.txt"

[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # A fresh machine has no list of packages yet, or names versions that are gone.
    apt-get update --quiet >/dev/null ||
        echo "apt-get update failed; trying with the lists there are" >&2
    # shellcheck disable=SC2086  # one word for each package
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet \
        --no-install-recommends $missing >/dev/null && exit 0
fi
echo "not installed, so the tests that need them are not run:$missing" >&2
