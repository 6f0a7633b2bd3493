"""Solar generators: what they give is a forecast; those that can be curtailed may give less."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ohmstead.core.site import AssetId
from ohmstead.planning.blocks.base import AssetResult, PowerTerm, all_steps
from ohmstead.planning.blocks.limits import pv_shares
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.program import Program
from ohmstead.planning.solve import Solution

_CURTAILING_EUR_PER_KWH = 1e-5
"""Where it makes no difference, the sun is not thrown away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PvBlock:
    """All generators of the home; curtailment is a power into the asset."""

    inputs: Inputs
    terms: list[PowerTerm] = field(default_factory=list)

    def read(self, solution: Solution) -> dict[AssetId, AssetResult]:
        """Power after curtailment; generators take no surplus."""
        nothing = np.full(self.inputs.n, np.nan)
        out: dict[AssetId, AssetResult] = {}
        for asset, share in pv_shares(self.inputs.request.site):
            power = self.inputs.pv_kw * share
            for term in self.terms:
                if term.asset == asset.id:
                    power = np.minimum(0.0, power + solution.values(term.columns))
            out[asset.id] = AssetResult(power_kw=power, value_eur_per_kwh=nothing, takes_surplus=False)
        return out


def add_pv(program: Program, inputs: Inputs) -> PvBlock:
    """Add one column of curtailment per step and generator that can be curtailed."""
    block = PvBlock(inputs=inputs)
    for asset, share in pv_shares(inputs.request.site):
        if not asset.curtailable:
            continue
        given = -inputs.pv_kw * share
        block.terms.append(
            PowerTerm(
                asset=asset.id,
                phases=asset.phases,
                steps=all_steps(inputs.n),
                columns=program.columns(inputs.n, upper=given, cost=_CURTAILING_EUR_PER_KWH * inputs.hours),
                upper_kw=given,
                controllable_load=False,
            )
        )
    return block
