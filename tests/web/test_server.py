from __future__ import annotations

import socket

import pytest

from ohmstead.errors import ConfigError
from ohmstead.web import create_app, serve
from tests.web.sample import SampleHouse


async def test_a_port_in_use_is_named_with_the_option_that_changes_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port: {port} .* in use .* --port"):
            await serve(create_app(SampleHouse()), "127.0.0.1", port)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104 - what must be refused
async def test_without_a_token_only_this_computer_is_served(host: str) -> None:
    with pytest.raises(ConfigError, match=r"needs an access token; .* --token"):
        await serve(create_app(SampleHouse()), host, 0)


async def test_a_foreign_address_is_refused_with_the_option_that_changes_it() -> None:
    app = create_app(SampleHouse(), token="correct-horse-battery-staple")  # noqa: S106 - of the sample home
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1.* change --host"):
        await serve(app, "192.0.2.1", 0)
