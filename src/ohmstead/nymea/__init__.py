"""nymea JSON-RPC: the protocol, a server for any site that speaks its port, and a client.

The wire format is nymea's API 9.0 (not JSON-RPC 2.0): https://github.com/nymea/nymea.
"""
