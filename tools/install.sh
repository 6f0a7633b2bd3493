#!/bin/sh
# Installs the locked dependencies and this project into .venv. With --dev also what the tests need.
#
# uv, which reads uv.lock, lives in an environment of its own (.uv): nobody has to install it, and
# installing into .venv cannot remove it.
set -eu
cd "$(dirname "$0")/.."

groups=--no-dev
[ "${1:-}" = --dev ] && groups=--all-groups

suitable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3 python; do
        if suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "Ohmstead needs Python 3.11, 3.12, 3.13 or 3.14; none was found on the PATH." >&2
    echo "Install one, or name it: make demo PYTHON=/path/to/python3" >&2
    exit 1
}

if suitable .venv/bin/python; then
    python=.venv/bin/python # an environment that works keeps its interpreter
else
    python=$(find_python)
fi

uv_works() {
    .uv/bin/uv --version >/dev/null 2>&1
}

if ! uv_works; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "$python cannot create virtual environments: its module ensurepip is missing." >&2
        echo "On Debian and Ubuntu: apt install python3-venv (or python$version-venv)." >&2
        exit 1
    fi
    echo "Preparing the installer ..."
    rm -rf .uv
    "$python" -m venv .uv
    .uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
fi

echo "Installing Ohmstead into .venv ..."
# --inexact: `make demo` after `make test` must not throw the test tools away.
unset VIRTUAL_ENV
UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv \
    .uv/bin/uv sync --quiet --frozen --inexact "$groups" --python "$python"
