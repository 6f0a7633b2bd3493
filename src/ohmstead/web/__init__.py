"""REST, live stream and dashboard."""

from ohmstead.web.app import create_app
from ohmstead.web.server import serve
from ohmstead.web.view import Event, Hub, SiteView

__all__ = ["Event", "Hub", "SiteView", "create_app", "serve"]
