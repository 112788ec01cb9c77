"""The command line, on typer and rich. One module per command; `app` puts them together.

app      the commands, --version, and what an error becomes
output   where things are printed, and the exit codes
options  the settings every command takes alike
"""
