"""The central system: chargers connect to it, it authorises, books transactions and passes limits on."""
