"""What no field alone can tell: ids that point nowhere, limits that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ohmstead.core.site import (
    Asset,
    AssetId,
    Battery,
    ChargePoint,
    Circuit,
    GridConnection,
    HeatPump,
    HotWaterTank,
    Load,
    Phases,
    Room,
    Site,
)
from ohmstead.daemon.config.problems import KeyPath, did_you_mean
from ohmstead.daemon.config.sections import (
    EjpTariff,
    FeedIn,
    FixedTariff,
    OffPeakTariff,
    SpotTariff,
    TariffSettings,
    TempoTariff,
)

Complaint = tuple[KeyPath, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What could be read of a configuration so far.

    Circuits and assets come with their place in the file's list, since others before them may have
    been refused. ``ids`` are those of all assets in the file, refused ones too, so that one mistake
    is not told twice.
    """

    site: Site | None
    grid: GridConnection | None
    circuits: Sequence[tuple[int, Circuit]]
    assets: Sequence[tuple[int, Asset]]
    ids: Sequence[tuple[int, AssetId]]
    tariff: TariffSettings | None = None

    def whole_site(self) -> Site | None:
        """The site with all that belongs to it, and with a household; ``None`` where it could not be read."""
        if self.site is None:
            return None
        assets = tuple(asset for _, asset in self.assets)
        if not any(isinstance(asset, Load) for asset in assets):
            assets += (Load(),)
        return replace(
            self.site,
            grid=self.grid or GridConnection(),
            circuits=tuple(circuit for _, circuit in self.circuits),
            assets=assets,
        )


def inconsistencies(draft: Draft) -> Iterator[Complaint]:
    """Every contradiction, as the key to blame and what is wrong."""
    yield from _ids(draft)
    yield from _circuits(draft)
    yield from _rooms(draft)
    if draft.grid is not None:
        yield from _grid(draft.grid)
    for i, asset in draft.assets:
        for field, message in _asset(asset):
            yield ("assets", i, field), message
    if draft.tariff is not None:
        yield from _tariff(draft.tariff)


def _ids(draft: Draft) -> Iterator[Complaint]:
    first: dict[AssetId, int] = {}
    for i, asset_id in draft.ids:
        if asset_id in first:
            other = f"assets[{first[asset_id]}]"
            yield ("assets", i, "id"), f"found {asset_id!r}, which {other} has already; ids are unique"
        first.setdefault(asset_id, i)
    seen: dict[str, int] = {}
    for i, circuit in draft.circuits:
        if circuit.id in seen:
            yield (
                ("circuits", i, "id"),
                f"found {circuit.id!r}, which circuits[{seen[circuit.id]}] has already",
            )
        seen.setdefault(circuit.id, i)
    households = [i for i, asset in draft.assets if isinstance(asset, Load)]
    for i in households[1:]:
        yield ("assets", i, "kind"), f"a home has one household; assets[{households[0]}] is it"


def _circuits(draft: Draft) -> Iterator[Complaint]:
    rooms = {asset.id for _, asset in draft.assets if isinstance(asset, Room)}
    known = sorted({asset_id for _, asset_id in draft.ids} | {Load().id})
    for i, circuit in draft.circuits:
        for j, asset_id in enumerate(circuit.assets):
            key = ("circuits", i, "assets", j)
            if asset_id not in known:
                yield key, _unknown("asset", asset_id, known)
            elif asset_id in rooms:
                yield key, f"found {asset_id!r}, a room: it takes no power itself; name its heat pump"
            elif asset_id in circuit.assets[:j]:
                yield key, f"found {asset_id!r} twice in this circuit"
        if draft.grid is not None and circuit.fuse_a > draft.grid.fuse_a:
            yield (
                ("circuits", i, "fuse_a"),
                f"found {circuit.fuse_a:g} A, allowed: at most the main fuse, {draft.grid.fuse_a:g} A",
            )


def _rooms(draft: Draft) -> Iterator[Complaint]:
    # A room that was refused is left to its own message: only its id is looked at here.
    refused = {asset_id for _, asset_id in draft.ids} - {asset.id for _, asset in draft.assets}
    rooms = sorted({asset.id for _, asset in draft.assets if isinstance(asset, Room)} | refused)
    heated_by: dict[AssetId, AssetId] = {}
    for i, asset in draft.assets:
        if not isinstance(asset, HeatPump):
            continue
        for j, room in enumerate(asset.rooms):
            key = ("assets", i, "rooms", j)
            if room not in rooms:
                yield key, _unknown("room", room, rooms)
            elif room in heated_by:
                yield key, f"found {room!r}, which {heated_by[room]!r} heats already; one heat pump per room"
            heated_by.setdefault(room, asset.id)


def _unknown(what: str, found: str, known: Sequence[str]) -> str:
    there_are = f"allowed: {', '.join(known)}." if known else f"this file has no {what}."
    return f"found {found!r}, no such {what}; {there_are}{did_you_mean(found, known)}"


def _grid(grid: GridConnection) -> Iterator[Complaint]:
    if (
        grid.peak_shaving_w is not None
        and grid.max_import_w is not None
        and grid.peak_shaving_w > grid.max_import_w
    ):
        yield (
            ("grid", "peak_shaving_w"),
            f"found {grid.peak_shaving_w:g} W, allowed: at most max_import_w, {grid.max_import_w:g} W",
        )


def _asset(asset: Asset) -> Iterator[tuple[str, str]]:
    match asset:
        case Battery():
            if asset.reserve_soc >= asset.max_soc:
                yield "reserve_soc", _not_below(asset.reserve_soc, "max_soc", asset.max_soc)
        case ChargePoint():
            yield from _charge_point(asset)
        case HotWaterTank():
            yield from _tank(asset)
        case HeatPump():
            if asset.min_w > asset.max_w:
                yield "min_w", _above(asset.min_w, "max_w", asset.max_w)
        case _:
            pass


def _charge_point(point: ChargePoint) -> Iterator[tuple[str, str]]:
    if point.min_a > point.max_a:
        yield "min_a", _above(point.min_a, "max_a", point.max_a)
    if point.min_soc > point.target_soc:
        yield "min_soc", _above(point.min_soc, "target_soc", point.target_soc)
    if point.phase_switching and point.phases is not Phases.ALL:
        yield "phase_switching", f"found true, allowed: only with phases: all, and phases is {point.phases}"


def _tank(tank: HotWaterTank) -> Iterator[tuple[str, str]]:
    if tank.min_w > tank.max_w:
        yield "min_w", _above(tank.min_w, "max_w", tank.max_w)
    if tank.min_c >= tank.target_c:
        yield "min_c", _not_below(tank.min_c, "target_c", tank.target_c)
    if tank.target_c > tank.max_c:
        yield "target_c", _above(tank.target_c, "max_c", tank.max_c)
    if tank.legionella_c > tank.max_c:
        yield "legionella_c", _above(tank.legionella_c, "max_c", tank.max_c)
    if any(stage <= 0 for stage in tank.stages_w):
        yield "stages_w", "off is implied; allowed: powers above 0"
    elif list(tank.stages_w) != sorted(set(tank.stages_w)):
        yield "stages_w", "allowed: different powers in rising order"
    elif tank.stages_w and tank.stages_w[-1] > tank.max_w:
        yield "stages_w", _above(tank.stages_w[-1], "max_w", tank.max_w)


def _above(found: float, name: str, limit: float) -> str:
    return f"found {found:g}, allowed: at most {name}, {limit:g}"


def _not_below(found: float, name: str, limit: float) -> str:
    return f"found {found:g}, allowed: less than {name}, {limit:g}"


def _tariff(tariff: TariffSettings) -> Iterator[Complaint]:
    yield from _feed_in(tariff.feed_in, spot=isinstance(tariff, SpotTariff))
    match tariff:
        case OffPeakTariff():
            if bool(tariff.hc_windows) == bool(tariff.seasons):
                yield ("tariff", "hc_windows"), "needed: either hc_windows or seasons, and not both"
            if tariff.hc_eur_per_kwh > tariff.hp_eur_per_kwh:
                yield (
                    ("tariff", "hc_eur_per_kwh"),
                    _above(tariff.hc_eur_per_kwh, "hp_eur_per_kwh", tariff.hp_eur_per_kwh)
                    + "; hc is the cheaper time (heures creuses)",
                )
            starts = [season.start for season in tariff.seasons]
            for i, start in enumerate(starts):
                if start in starts[:i]:
                    message = (
                        f"found {start.month:02d}-{start.day:02d} twice; each season starts on its own day"
                    )
                    yield ("tariff", "seasons", i, "start"), message
        case TempoTariff():
            if not tariff.ask_server and tariff.days_file is None:
                yield ("tariff", "days_file"), "missing; needed where ask_server is false"
        case SpotTariff() | FixedTariff() | EjpTariff():
            pass


def _feed_in(feed_in: FeedIn, *, spot: bool) -> Iterator[Complaint]:
    key = ("tariff", "feed_in")
    if feed_in.spot_factor is not None and feed_in.fixed_eur_per_kwh is not None:
        yield key, "needed: either fixed_eur_per_kwh or spot_factor, and not both"
    if feed_in.spot_factor is not None and not spot:
        yield (*key, "spot_factor"), "this tariff knows no spot price; allowed: fixed_eur_per_kwh"
    if feed_in.spot_fee_eur_per_kwh and feed_in.spot_factor is None:
        yield (*key, "spot_fee_eur_per_kwh"), "only together with spot_factor"
