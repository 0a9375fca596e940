"""Errors that a workflow tells apart: the class name is the error name it sees."""


class InvalidPartition(Exception):
    """The event's partition lacks a key, or a value is not zero-padded or no date."""


class PartitionUnreadable(Exception):
    """Silver's objects cannot be read as the contract says; the message names the object."""


class PartitionDeferred(Exception):
    """Another run holds a posting of this partition; it has to be assembled later."""
