"""Asking for pages until they arrive, are refused, or have to wait."""
