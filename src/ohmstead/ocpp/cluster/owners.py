"""Which worker has which charger, as far as one worker heard. Pure: the host tells it what arrives.

What arrives may be late, doubled or out of order. A higher claim is newer; of two records with one claim
the one that says that the connection ended is newer. So every worker comes to the same picture.
"""

from __future__ import annotations

from collections.abc import Mapping

from ohmstead.ocpp.central.store_port import Claim
from ohmstead.ocpp.cluster.wire import Owner


class Owners:
    """Owners of chargers and leases of workers. Times are seconds of a monotonic clock."""

    def __init__(self, me: str, lease_s: float) -> None:
        """``me``: this worker. Another one that is not heard for ``lease_s`` has no chargers any more."""
        self.me = me
        self.lease_s = lease_s
        self._mine: dict[str, Claim] = {}
        self._records: dict[str, Owner] = {}
        self._heard_at: dict[str, float] = {}

    @property
    def mine(self) -> Mapping[str, Claim]:
        """Claims of the connections that are here."""
        return self._mine

    def joined(self, claim: Claim) -> Owner:
        """A charger connected here; the record that says so."""
        self._mine[claim.identity] = claim
        record = Owner(identity=claim.identity, claim=claim.number, worker=self.me)
        self._take(record)
        return record

    def left(self, claim: Claim) -> Owner:
        """A connection here ended; the record that says so."""
        if self._mine.get(claim.identity) == claim:
            del self._mine[claim.identity]
        record = Owner(identity=claim.identity, claim=claim.number, worker=None)
        self._take(record)
        return record

    def learn(self, record: Owner) -> bool:
        """A record arrived; True where it is older than what is here, so that ours is to be told again."""
        mine = self._mine.get(record.identity)
        if mine is not None and record.claim < mine.number:
            return True
        self._take(record)
        return False

    def superseded(self, identity: str) -> Claim | None:
        """The claim of another worker's newer connection, where there is one here too."""
        mine, record = self._mine.get(identity), self._records.get(identity)
        if mine is None or record is None or record.claim <= mine.number:
            return None
        return Claim(number=record.claim, identity=identity)

    def record(self, identity: str) -> Owner | None:
        """What is known of a charger's connection."""
        return self._records.get(identity)

    def forget(self, identity: str) -> None:
        """The charger is not known any more."""
        self._records.pop(identity, None)

    def beat(self, worker: str, now_s: float) -> None:
        """Another worker lives."""
        if worker != self.me:
            self._heard_at[worker] = now_s

    def expire(self, now_s: float, *, leaving: str | None = None) -> list[str]:
        """Chargers whose worker is ``leaving``, or was not heard in time; told once."""
        dead = {
            worker
            for worker, heard_at in self._heard_at.items()
            if worker == leaving or now_s - heard_at > self.lease_s
        }
        for worker in dead:
            del self._heard_at[worker]
        return [identity for identity, record in self._records.items() if record.worker in dead]

    def elsewhere(self, identity: str) -> str | None:
        """The living worker that has a charger's connection; ``None``: nobody, or this one."""
        record = self._records.get(identity)
        if record is None or record.worker == self.me or record.worker not in self._heard_at:
            return None
        return record.worker

    def workers(self) -> list[str]:
        """The other workers that live."""
        return sorted(self._heard_at)

    def _take(self, record: Owner) -> None:
        known = self._records.get(record.identity)
        if known is not None:
            ended = known.claim == record.claim and known.worker is None
            if record.claim < known.claim or ended:
                return
        self._records[record.identity] = record
