"""Rebuilding the article index beside the live one: from the archive or from the stored text."""
