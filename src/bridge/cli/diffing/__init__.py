"""Commands below `bridge diff`."""
