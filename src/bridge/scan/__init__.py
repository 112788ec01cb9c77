"""Finding every use of the Assistants API in a program's files, and what becomes of it. Nothing is run or imported."""
