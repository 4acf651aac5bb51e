#!/usr/bin/env bash
# Installs the real programs that some tests compare with; without them those tests are skipped. Debian and Ubuntu only.
set -uo pipefail
wanted=()
[ -x /usr/bin/prometheus ] && [ -x /usr/bin/promtool ] || wanted+=(prometheus)
[ -x /usr/bin/sqlite3 ] || wanted+=(sqlite3)
command -v curl >/dev/null || wanted+=(curl)
[ ${#wanted[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "Not installed: ${wanted[*]}; the tests that need them will be skipped." >&2
    exit 0
fi
echo "Installing ${wanted[*]} …"
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null ||
    echo "Could not install ${wanted[*]}; the tests that need them will be skipped." >&2
exit 0
