#!/bin/bash
# Runs the AppDaemon app against a real Home Assistant and a real AppDaemon, with the plant simulated
# outside them and the clock 120 times as fast. About four minutes, after two for the first installation.
#
#   HA_TOOLS   folder of the scripts that install and start Home Assistant (default ../shared/tools/home-assistant)
#   HA_PORT    port of this Home Assistant on the loopback (default 28431)
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
tools=${HA_TOOLS:-$root/../shared/tools/home-assistant}
if [[ ! -d $tools ]]; then
    echo "floors: $tools is not there to install and start Home Assistant; give HA_TOOLS" >&2
    exit 1
fi
export HA_PORT=${HA_PORT:-28431}
. "$tools/env.sh"
mkdir -p "$LAB"
ensure_uv

hass_venv=$LAB/venv-ci
if ! ls "$hass_venv"/.reqs-* >/dev/null 2>&1; then
    bash "$tools/portable-python" 3.14
    [ -x "$hass_venv/bin/python" ] || "$UV" venv -q --python "$LAB/deb-py3.14/usr/bin/python3.14" "$hass_venv"
    "$UV" pip install -q --python "$hass_venv/bin/python" pytest-homeassistant-custom-component==0.13.375
    bash "$tools/home-assistant" "$hass_venv" "$LAB/cfg-install" "$HA_PORT"
    kill "$(cat "$LAB/cfg-install/pid")" || true
    sleep 2
fi

venv=$LAB/venv-floors
[ -x "$venv/bin/python" ] || "$UV" venv -q --python "${PY311:-python3}" "$venv"
"$UV" pip install -q --python "$venv/bin/python" appdaemon==4.5.13 aiohttp pytest tzdata

export FLOORS_DIR=$LAB/floors APPDAEMON=$venv/bin/appdaemon PYTHONPATH=$root/src
rm -rf "$FLOORS_DIR"
mkdir -p "$FLOORS_DIR/ha/packages"
cp tests_ha/heat_orchestrator/configuration.yaml "$FLOORS_DIR/ha/"
cp hosts/appdaemon/packages/heat_orchestrator.yaml "$FLOORS_DIR/ha/packages/"
"$venv/bin/python" tests_ha/heat_orchestrator/plant_package.py "$FLOORS_DIR/ha/packages/plant.yaml"

stop() { kill "$(cat "$FLOORS_DIR/ha/pid")" 2>/dev/null || true; }
trap stop EXIT
bash "$tools/files/start_ha.sh" "$hass_venv" "$FLOORS_DIR/ha" "$HA_PORT" --skip-pip
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m pytest tests_ha/heat_orchestrator -c tests_ha/heat_orchestrator/pytest.ini "$@"
