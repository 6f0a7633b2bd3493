"""OCPP 1.6J: frames and sessions without I/O, the charge point and the central system on top of them."""
