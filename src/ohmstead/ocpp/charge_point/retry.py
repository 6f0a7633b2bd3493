"""When a transaction message is sent again (OCPP 1.6 §3.7.1, errata 3.19)."""

from __future__ import annotations


def retry_delay_s(transmissions: int, *, attempts: int, interval_s: int) -> float | None:
    """How long to wait after the central system failed to process a message.

    Args:
        transmissions: how often it was sent; being offline does not count.
        attempts: ``TransactionMessageAttempts``.
        interval_s: ``TransactionMessageRetryInterval``.

    Returns:
        ``None``: give the message up.
    """
    if transmissions >= attempts:
        return None
    return float(interval_s * transmissions)
