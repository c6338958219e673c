"""The demonstration API: a partner's API with pages, delays and random errors."""
