"""Checks of workflows and program before anything is deployed: `python -m infra.lint`."""
