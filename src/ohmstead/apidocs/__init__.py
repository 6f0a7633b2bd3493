"""A page that describes an API and tries it out, from local files: no content delivery network is asked.

Swagger UI is copied into ``static`` by the dashboard's build (``web/``); its own page is written by hand.
"""
