"""The two ends of the OCPP benchmark, each a process of its own: ours and those of the ``ocpp`` library."""
