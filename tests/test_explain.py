"""Reasons become sentences that a person can check against the figures."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from ohmstead.core.reason import Limit, Reason, Rule
from ohmstead.explain import sentence, watts

ZONE = ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("reason", "power_w", "expected"),
    [
        (
            Reason(rule=Rule.SURPLUS, params={"surplus_w": 4120.0}),
            4100.0,
            "Using 4.12 kW of surplus sun.",
        ),
        (
            Reason(rule=Rule.SURPLUS, params={"surplus_w": -1120.0}),
            4140.0,
            "Surplus is 1.12 kW short now; it goes on, in case the sun comes back.",
        ),
        (
            Reason(rule=Rule.SURPLUS, params={"surplus_w": 0.0}),
            4140.0,
            "There is no surplus now; it goes on, in case the sun comes back.",
        ),
        (
            Reason(
                rule=Rule.DEADLINE,
                params={"soc": 0.4, "target_soc": 0.8, "departure": "2026-04-13T05:30:00+00:00"},
            ),
            11040.0,
            "Leaving at Mon 07:30: charging now to reach 80 % in time.",
        ),
        (
            Reason(
                rule=Rule.CHEAP_HOURS,
                params={"price_eur_per_kwh": 0.212},
                limit=Limit.FUSE_L1,
                without_limit_w=11040.0,
            ),
            7400.0,
            "One of the cheapest hours (21.2 ct/kWh). Without the fuse on L1 it would be 11.04 kW.",
        ),
        (Reason(rule=Rule.SELF_CONSUMPTION), -850.0, "Covering 850 W of the house."),
        (Reason(rule=Rule.SELF_CONSUMPTION), 1500.0, "Storing 1.50 kW of surplus."),
        (
            Reason(
                rule=Rule.SELF_CONSUMPTION,
                params={"balance_w": 3000.0},
                limit=Limit.FULL,
                without_limit_w=3000.0,
            ),
            0.0,
            "3.00 kW to store. Stopped: it is full.",
        ),
        (
            Reason(rule=Rule.SELF_CONSUMPTION, limit=Limit.FULL, without_limit_w=3000.0),
            120.0,
            "Storing 120 W of surplus. Held at 120 W: it is almost full.",
        ),
        (
            Reason(rule=Rule.SELF_CONSUMPTION, params={"balance_w": -2000.0}, limit=Limit.RESERVE),
            0.0,
            "2.00 kW missing. Stopped: it is at its reserve.",
        ),
        (
            Reason(rule=Rule.SHED, params={"missing_w": 2500.0, "shed_w": 800.0}),
            1200.0,
            "Sun and storage leave 2.50 kW uncovered; shedding 800 W.",
        ),
        (
            Reason(rule=Rule.IDLE, limit=Limit.STALE_METER),
            0.0,
            "Nothing asks for power now. Stopped: the grid meter is silent.",
        ),
        (
            Reason(rule=Rule.HOLD, params={"value_eur_per_kwh": 0.31, "price_eur_per_kwh": 0.2}),
            0.0,
            "Keeping its energy: worth 31.0 ct/kWh later, 20.0 ct/kWh now.",
        ),
        (
            Reason(
                rule=Rule.HOLD,
                params={"balance_w": 900.0, "value_eur_per_kwh": 0.05, "price_eur_per_kwh": 0.07},
            ),
            0.0,
            "Selling pays 7.0 ct/kWh now, storing only 5.0 ct/kWh.",
        ),
    ],
)
def test_a_reason_reads_as_a_sentence(reason: Reason, power_w: float, expected: str) -> None:
    assert sentence(reason, power_w=power_w, zone=ZONE) == expected


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("limit", [None, *Limit])
@pytest.mark.parametrize("power_w", [-1200.0, 0.0, 900.0])
def test_every_rule_and_limit_has_words_even_without_figures(
    rule: Rule, limit: Limit | None, power_w: float
) -> None:
    text = sentence(Reason(rule=rule, limit=limit, without_limit_w=2000.0), power_w=power_w, zone=ZONE)
    assert text[0].isupper()
    assert text.endswith(".")
    assert "{" not in text


def test_powers_are_told_as_people_read_them() -> None:
    assert [watts(w) for w in (0.0, 999.4, 1000.0, -3680.0)] == ["0 W", "999 W", "1.00 kW", "-3.68 kW"]
