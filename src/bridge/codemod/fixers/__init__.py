"""One shape of legacy code a file (docs/codemod.md)."""
