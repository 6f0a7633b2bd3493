#!/usr/bin/env bash
# The five agents on a real Docker engine: built, started, asked, one stopped, one killed, started again.
# Uses the engine that is there; on a build machine without one, the one of ../shared/tools/docker-engine.
set -euo pipefail
cd "$(dirname "$0")/.."

engine=../shared/tools/docker-engine
if ! docker info >/dev/null 2>&1 || ! docker compose version >/dev/null 2>&1; then
    if [ ! -x "$engine" ]; then
        echo "agents: SKIPPED, no Docker engine is running and $engine is not there to start one"
        exit 0
    fi
    # Its search for the Compose plugin stops reading early, which pipefail takes for a failure.
    bash <(sed 's/p&&\(.*\){print $2; exit}/p\&\&\1{print $2; p=0}/' "$engine")
fi

export COMPOSE_PROJECT_NAME=ohmstead-check
compose() { docker compose "$@"; }
finish() {
    status=$?
    [ "$status" -eq 0 ] || compose logs --tail 30 || true
    compose down --volumes --timeout 5 >/dev/null 2>&1 || true
    exit "$status"
}
trap finish EXIT

body='{"solar": {"production_kw": 9.5},
 "load": {"critical_load_kw": 5.0, "flexible_load_kw": 3.0},
 "battery": {"state_of_charge_kwh": 6.0},
 "vehicle": {"connected": true, "state_of_charge_kwh": 40.0}}'

coordinate() {
    curl -fsS --max-time 10 -X POST http://localhost:8000/coordinate -H 'content-type: application/json' -d "$1"
}

# expect WHAT EXPRESSION: judges the JSON on standard input, named `a`.
expect() {
    python3 -c '
import json, sys
what, expression, text = sys.argv[1], sys.argv[2], sys.stdin.read()
a = json.loads(text)
if not eval(expression):
    sys.exit(f"agents: {what}: expected {expression}, found {text}")
print(f"agents: {what}: ok")' "$1" "$2"
}

example='{n: {k: v for k, v in x.items() if k != "reason"} for n, x in a["actions"].items()} == {
    "battery": {"mode": "charge", "power_kw": 1.5},
    "vehicle": {"mode": "idle", "power_kw": 0.0},
    "load": {"shed_kw": 0.0}} and all(x["reason"] for x in a["actions"].values())'

compose build --quiet
compose up -d --wait --wait-timeout 120
coordinate "$body" | expect "the example of the README" "$example"
curl -fsS http://localhost:8000/status |
    expect "status" 'all(p["available"] for p in a["status"].values()) and a["flows"]["grid_kw"] == 0.0'
for port in 8000 8001 8002 8003 8004; do
    curl -fsS -o /dev/null http://localhost:$port/health
    curl -fsS -o /dev/null http://localhost:$port/docs
    curl -fsS http://localhost:$port/metrics | grep '^ohmstead_agent_requests_total' >/dev/null
done
echo "agents: health, docs and metrics of all five: ok"

for container in $(compose ps -q); do
    [ "$(docker exec "$container" id -u)" = 10001 ] || { echo "agents: $container runs as root" >&2; exit 1; }
    if docker exec "$container" touch /app/written 2>/dev/null; then
        echo "agents: the root file system of $container can be written" >&2
        exit 1
    fi
    [ "$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.State.Health.Status}}' "$container")" = "true healthy" ]
done
echo "agents: not root, read-only root file system, healthy: ok"

without='a["actions"]["vehicle"]["mode"] == "idle" and a["status"]["vehicle"]["available"] is False
    and a["actions"]["battery"]["mode"] == "charge" and a["actions"]["battery"]["power_kw"] == 5.0
    and a["export_kw"] == 3.0'
without=$(echo "$without" | tr '\n' ' ')
sunny=${body/9.5/16.0}
compose stop --timeout 5 vehicle
coordinate "$sunny" | expect "without the vehicle agent" "$without"
curl -fsS http://localhost:8000/status |
    expect "status without the vehicle agent" 'a["status"]["vehicle"]["available"] is False and a["status"]["vehicle"]["error"]'
compose up -d --wait --wait-timeout 60 vehicle
coordinate "$sunny" | expect "with the vehicle agent again" 'a["actions"]["vehicle"]["power_kw"] == 3.0'

failed=$(mktemp)
for _ in $(seq 60); do coordinate "$sunny" >/dev/null || echo "refused" >>"$failed"; done &
rounds=$!
sleep 0.3
compose kill --signal SIGKILL vehicle
wait "$rounds"
[ ! -s "$failed" ] || { echo "agents: $(wc -l <"$failed") of 60 rounds failed around the kill" >&2; exit 1; }
rm -f "$failed"
echo "agents: 60 rounds while the vehicle agent was killed: ok"
coordinate "$sunny" | expect "after the kill" "$without"
compose up -d --wait --wait-timeout 60 vehicle
coordinate "$body" | expect "the example again" "$example"
