"""JSON-RPC as nymea speaks it: codec, session, server, client."""
