"""The error tree, by what the caller must do about it.

::

    OhmsteadError
    ├── ConfigError        the person must change a file, an option or an argument
    ├── DataError          the input is unusable: keep the last good value, report the place
    ├── DeviceError        one device failed: go on without it, try again later
    │   └── DeviceOffline  it did not answer at all
    ├── SourceError        a server on the network failed: serve the cache, try again later
    └── PlanError          no plan could be made: go on with the rules
"""

from __future__ import annotations


class OhmsteadError(Exception):
    """Base of every error that Ohmstead raises on purpose."""


class ConfigError(OhmsteadError):
    """The person must change something.

    ``str()`` names the place (file, line, key), what was found and what is allowed.
    """


class DataError(OhmsteadError):
    """An input (file, answer, reading) cannot be used; the message names the place."""


class DeviceError(OhmsteadError):
    """One device failed; the cycle goes on without it."""


class DeviceOffline(DeviceError):  # noqa: N818 - a state of the device, named as users say it
    """A device did not answer."""


class SourceError(OhmsteadError):
    """A server of prices or weather could not be used; the cache serves meanwhile."""


class PlanError(OhmsteadError):
    """The optimiser gave no plan; the rules carry on."""
