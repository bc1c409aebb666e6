"""Evaluation of PromQL over the server's own series, with the semantics of Prometheus 3, vectorised over the series."""
