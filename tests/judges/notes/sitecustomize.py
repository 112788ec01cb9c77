"""Runs at the start of every Python whose PYTHONPATH holds this folder: child processes note what they send, too."""

import noting

noting.install()
