"""Figures for people, from Gold's aggregation tables."""
