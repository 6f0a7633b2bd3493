"""The charging station's end: logs in, reports, obeys, and keeps every bill until it is confirmed."""
