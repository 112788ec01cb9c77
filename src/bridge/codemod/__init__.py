"""Legacy programs, rewritten: their imports for bridge, or all of them for Responses (docs/codemod.md)."""
