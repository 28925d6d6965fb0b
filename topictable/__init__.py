"""Builds the table of words that topic tagging reads, and the taxonomy. Development only."""
