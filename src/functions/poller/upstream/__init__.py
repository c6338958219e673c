"""The external API over HTTP: the only place that sends requests to strangers."""
