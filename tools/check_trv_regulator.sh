#!/usr/bin/env bash
# Tests the radiator integration in Home Assistant's own environment, which this project does not share.
#
#   tools/check_trv_regulator.sh                  needs ../shared/tools/home-assistant, or HA_PYTHON
#   HA_PYTHON=/path/python tools/check_…          a Python that has pytest-homeassistant-custom-component
set -euo pipefail
cd "$(dirname "$0")/.."

python3 tools/carry.py --check

if [[ -z ${HA_PYTHON:-} ]]; then
    helpers=../shared/tools/home-assistant
    if [[ ! -d $helpers ]]; then
        echo "trv_regulator: give HA_PYTHON, a Python with pytest-homeassistant-custom-component" >&2
        exit 1
    fi
    # shellcheck source=/dev/null
    source "$helpers/env.sh"
    mkdir -p "$LAB"
    ensure_uv
    bash "$helpers/portable-python" 3.14 >/dev/null
    venv=$LAB/venv-ci
    exec 9>"$LAB/venv-ci.lock"
    flock 9
    [[ -x $venv/bin/python ]] || "$UV" venv -q --python "$LAB/deb-py3.14/usr/bin/python3.14" "$venv"
    "$UV" pip install -q --python "$venv/bin/python" pytest-homeassistant-custom-component==0.13.375
    flock -u 9
    HA_PYTHON=$venv/bin/python
fi

cd tests_ha/trv_regulator
"$HA_PYTHON" -m pytest -q --ignore=person

if [[ -z ${helpers:-} ]]; then
    echo "trv_regulator: the walk through a running Home Assistant needs ../shared/tools/home-assistant" >&2
    exit 0
fi
cd ../..
port=${HA_PORT:-28457}
home=$LAB/radiators
flock 9
[[ -n $(compgen -G "$venv/.reqs-*") ]] || bash "$helpers/home-assistant" "$venv" "$LAB/cfg-install" "$port" >/dev/null
[[ ! -f $LAB/cfg-install/pid ]] || kill "$(cat "$LAB/cfg-install/pid")" 2>/dev/null || true
flock -u 9
rm -rf "$home"
mkdir -p "$home/custom_components"
cp tests_ha/trv_regulator/person/configuration.yaml "$home/"
cp -r custom_components/trv_regulator "$home/custom_components/"
trap 'kill "$(cat "$home/pid")" 2>/dev/null || true' EXIT
bash "$helpers/files/start_ha.sh" "$venv" "$home" "$port" --skip-pip
"$venv/bin/python" tests_ha/trv_regulator/person/walk.py "$port" "$home/token" "$home/stdout.log"
