"""Alerts: Prometheus rules evaluated inside the server, and the ways by which people are told of them."""
