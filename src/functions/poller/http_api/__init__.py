"""Requests to and responses of the functions behind PollerHttpApi."""
