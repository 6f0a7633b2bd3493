"""``ohmstead plan``: one plan, made now, for a configured home or the demo house."""

from __future__ import annotations

import asyncio

from ohmstead.core.plan import PlanningTask
from ohmstead.daemon.options import PlanOptions
from ohmstead.daemon.payloads import plan_payload
from ohmstead.daemon.simulated.outlook import LearnedOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings
from ohmstead.simulator.scenario import demo_house
from ohmstead.web.schema import PlanPayload

TRIGGER = "command"


def plan_once(options: PlanOptions) -> PlanPayload:
    """One plan.

    Raises:
        ConfigError: the configuration lacks what planning needs.
        DeviceError: nothing of the home answers.
        PlanError: the solver failed.
    """
    if options.config is not None:
        from ohmstead.daemon.run import plan_home  # noqa: PLC0415 - brings every adapter

        return asyncio.run(plan_home(options.config))
    house = demo_house(seed=options.seed, start=options.start)
    outlook = LearnedOutlook(house, FORMULAS["dynamic"], PlannerSettings())
    task = PlanningTask(now=house.now, trigger=TRIGGER, state=house.read())
    return plan_payload(make_plan(outlook.request(task)), house.site.assets, TRIGGER)
