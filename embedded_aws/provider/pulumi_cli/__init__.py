"""The real Pulumi CLI on the embedded AWS: building it, its Python language host, its environment.

build.py          builds the CLI from its Go module (go.mod, go.sum)
command.py        folders, variables and plugins with which the CLI runs here
language_host.py  runs the Python program for the CLI
program.py        the process of that program
process.py        what both plugins have in common
"""
