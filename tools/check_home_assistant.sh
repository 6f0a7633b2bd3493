#!/usr/bin/env bash
# Runs `ohmstead run` on a real Home Assistant: devices, rooms and floors, over a restart of it.
# About a minute, after two for the first installation.
#
#   HA_TOOLS   folder of the scripts that install and start Home Assistant (default ../shared/tools/home-assistant)
#   HA_PORT    port of this Home Assistant on the loopback (default 28473)
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
tools=${HA_TOOLS:-$root/../shared/tools/home-assistant}
export HA_PORT=${HA_PORT:-28473}
# shellcheck source=/dev/null
. "$tools/env.sh"
mkdir -p "$LAB"
ensure_uv

venv=$LAB/venv-ci
exec 9>"$LAB/venv-ci.lock"
flock 9
if [[ -z $(compgen -G "$venv/.reqs-*") ]]; then
    bash "$tools/portable-python" 3.14 >/dev/null
    [[ -x $venv/bin/python ]] || "$UV" venv -q --python "$LAB/deb-py3.14/usr/bin/python3.14" "$venv"
    "$UV" pip install -q --python "$venv/bin/python" pytest-homeassistant-custom-component==0.13.375
    bash "$tools/home-assistant" "$venv" "$LAB/cfg-install" "$HA_PORT" >/dev/null
    kill "$(cat "$LAB/cfg-install/pid")" 2>/dev/null || true
    sleep 2
fi
flock -u 9
exec 9>&-

export HOME_DIR=$LAB/real-home HASS_VENV=$venv START_HA=$tools/files/start_ha.sh
rm -rf "$HOME_DIR"
mkdir -p "$HOME_DIR/ha"
cp tests_ha/home_assistant/configuration.yaml "$HOME_DIR/ha/"
trap 'kill "$(cat "$HOME_DIR/ha/pid")" 2>/dev/null || true' EXIT
bash "$START_HA" "$venv" "$HOME_DIR/ha" "$HA_PORT" --skip-pip
.venv/bin/python -m pytest tests_ha/home_assistant -c tests_ha/home_assistant/pytest.ini "$@"
