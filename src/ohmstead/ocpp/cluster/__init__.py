"""Several workers as one central system: PostgreSQL keeps what must not be lost, NATS finds who is where.

Needs the extra ``cluster`` (``pip install 'ohmstead[cluster]'``); nothing of it is imported otherwise.
"""
