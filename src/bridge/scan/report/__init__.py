"""A scan for people and programs: at the terminal, as JSON, as SARIF and as one page."""
