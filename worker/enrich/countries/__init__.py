"""Which countries a text is about, with the evidence for each. Pure, offline, deterministic."""

from worker.enrich.countries.tagging import Countries, Evidence, countries_of

__all__ = ["Countries", "Evidence", "countries_of"]
