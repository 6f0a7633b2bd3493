"""Hard limits: each only ever narrows what an asset or a group of assets may take."""
