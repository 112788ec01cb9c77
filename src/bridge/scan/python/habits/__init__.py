"""Habits that bite, one kind per file. Each module has `find(analysis)`, which gives a Hit for every place."""
