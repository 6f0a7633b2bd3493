"""An OCPP 1.6J charge point: decisions without I/O, and a thin asyncio host on top of them."""
