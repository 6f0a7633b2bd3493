"""``ohmstead ocpp``: one charge point in a terminal, a central system, and what it is told to do."""

from __future__ import annotations

import typer

from ohmstead.daemon.ocpp_charge_point_cli import charge_point
from ohmstead.daemon.ocpp_operations_cli import add_operations
from ohmstead.daemon.ocpp_serve_cli import serve

app = typer.Typer(help="OCPP 1.6J: a charge point, and a central system.", no_args_is_help=True)
app.command("charge-point")(charge_point)
app.command("serve")(serve)
add_operations(app)
