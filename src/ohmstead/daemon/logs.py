"""The daemon's log: one line per event on standard error, for a person or for a machine.

Libraries that log with the standard ``logging`` go the same way. Values under keys that sound like a
secret are never written, whoever logs them.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from ohmstead.daemon.config.problems import SECRET_WORDS

HIDDEN = "(hidden)"

_QUIET = ("hass_client", "httpcore2", "httpx2", "asyncio", "sqlalchemy.engine")
"""Libraries whose information is noise here; their warnings are not."""


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: replaces values whose key contains a word such as ``token``, at any depth."""
    return {key: _hidden(key, value) for key, value in event.items()}


def _hidden(key: str, value: object) -> object:
    if value is not None and any(word in key.lower() for word in SECRET_WORDS):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _hidden(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(key, item) for item in value]
    return value


def setup_logs(level: str = "info", *, as_json: bool = False, stream: TextIO | None = None) -> None:
    """Send all logging of this process to one stream; may be called again to change it.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        as_json: one JSON object per line instead of text.
        stream: standard error where not given.
    """
    out = stream if stream is not None else sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(out, as_json)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _render(out: TextIO, as_json: bool) -> list[Processor]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [
        structlog.dev.ConsoleRenderer(
            colors=out.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    ]
