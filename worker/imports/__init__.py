"""Pages from WARC files that others wrote, indexed as if they had been fetched."""
