"""Runs dbt inside of a Lambda function: one command per call."""
