"""What the HTTP server is made of, beside its routes: access, limits, events, errors, figures.

`assistant/api.py` puts it together. Nothing here decides anything about an answer.
"""
