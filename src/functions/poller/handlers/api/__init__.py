"""One file a route of PollerHttpApi."""
