"""The planner process: a real child, killed and overrun on purpose."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from ohmstead.errors import PlanError
from ohmstead.planning.planner import PlannerSettings, make_plan
from ohmstead.planning.worker import PlannerProcess
from tests.planning.homes import full_request

REQUEST = full_request(settings=PlannerSettings(horizon_h=24.0))


@pytest.fixture
async def planner() -> AsyncIterator[PlannerProcess]:
    process = PlannerProcess(deadline_s=60.0)
    yield process
    process.close()


async def test_the_child_gives_the_same_plan_as_a_direct_call(planner: PlannerProcess) -> None:
    view = replace(REQUEST, state=replace(REQUEST.state, assets=MappingProxyType(dict(REQUEST.state.assets))))
    plan = await planner.plan(view)
    assert plan.slots == make_plan(REQUEST).slots
    assert planner.pid not in (None, os.getpid())


async def test_one_child_serves_many_plans_asked_for_at_once(planner: PlannerProcess) -> None:
    await planner.start()
    pid = planner.pid
    plans = await asyncio.gather(*(planner.plan(replace(REQUEST, trigger=t)) for t in ("start", "vehicle")))
    assert [p.id.rsplit("-", 1)[1] for p in plans] == ["start", "vehicle"]
    assert planner.pid == pid


async def test_a_child_killed_during_a_plan_is_replaced(planner: PlannerProcess) -> None:
    await planner.start()
    pid = planner.pid
    assert pid is not None
    # Stopped first, so that the kill surely falls into the plan.
    os.kill(pid, signal.SIGSTOP)
    asked = asyncio.create_task(planner.plan(REQUEST))
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(PlanError, match="died"):
        await asked
    plan = await planner.plan(REQUEST)
    assert plan.slots
    assert planner.pid != pid


async def test_a_plan_beyond_its_deadline_is_given_up_and_its_child_killed() -> None:
    planner = PlannerProcess(deadline_s=0.3)
    try:
        await planner.start()
        pid = planner.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(PlanError, match=r"within 0\.3 s"):
            await planner.plan(REQUEST)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert planner.pid is None
    finally:
        planner.close()


async def test_a_cancelled_question_leaves_no_answer_behind(planner: PlannerProcess) -> None:
    await planner.start()
    pid = planner.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    asked = asyncio.create_task(planner.plan(replace(REQUEST, trigger="vehicle")))
    await asyncio.sleep(0.05)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    plan = await planner.plan(replace(REQUEST, trigger="prices"))
    assert plan.id.endswith("-prices")


async def test_a_request_that_cannot_be_planned_is_an_error_not_a_crash(planner: PlannerProcess) -> None:
    broken = replace(REQUEST, site=replace(REQUEST.site, timezone="Nowhere/Land"))
    with pytest.raises(PlanError, match="Nowhere"):
        await planner.plan(broken)
    assert (await planner.plan(REQUEST)).slots


async def test_a_closed_planner_says_so(planner: PlannerProcess) -> None:
    planner.close()
    planner.close()
    with pytest.raises(PlanError, match="closed"):
        await planner.plan(REQUEST)
