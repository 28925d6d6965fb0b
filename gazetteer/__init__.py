"""Builds the gazetteer that country tagging reads. Development only: `make gazetteer`."""
