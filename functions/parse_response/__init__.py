"""Turns one model answer into a validated pass result, or says why it cannot be used."""
