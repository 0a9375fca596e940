"""The fields that only a Map has: processor, reader, batcher, writer, tolerance."""

from __future__ import annotations

from typing import Any

from ..definition import Batcher, Graph, Map, Reader, Value, Writer
from .fields import NOT_IMPLEMENTED, Fields, is_expression

GET_OBJECT = "arn:aws:states:::s3:getObject"
LIST_OBJECTS = "arn:aws:states:::s3:listObjectsV2"
PUT_OBJECT = "arn:aws:states:::s3:putObject"
INPUT_TYPES = ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")
LABEL_LIMIT = 40
SPECIAL = frozenset(' <>{}[]?*"#%\\^|~`$&,;:/')  # characters that a Label may not have


def parse_map(fields: Fields, shared: dict[str, Any], processor: Graph, name: str) -> Map:
    """`shared` holds what a Map has in common with Task and Parallel; `name` is the processor's."""
    mode, express = _config(fields, name)
    distributed = mode == "DISTRIBUTED"
    items = fields.typed("Items", *_item_types(distributed)) if fields.jsonata else None
    if distributed and isinstance(fields.value.get("Items"), list | dict) and fields.jsonata:
        items = fields.value_of("Items")
    state = Map(
        **shared,
        processor=processor,
        distributed=distributed,
        express=express,
        label=_label(fields),
        items=items,
        reader=_reader(fields),
        selector=fields.value_of("ItemSelector"),
        batcher=_batcher(fields),
        writer=_writer(fields),
        max_concurrency=fields.count("MaxConcurrency"),
        tolerated_count=fields.count("ToleratedFailureCount", 0),
        tolerated_percentage=_percentage(fields),
    )
    if not distributed:
        for field in ("Label", "ItemReader", "ItemBatcher", "ResultWriter"):
            if field in fields.value:
                fields.problems.error(
                    f"Field '{field}' is not supported in an INLINE Map:"
                    " set ProcessorConfig.Mode to DISTRIBUTED",
                    fields.where,
                )
    if state.items is not None and state.reader is not None:
        fields.only_one_of("Items", "ItemReader")
    return state


def _item_types(distributed: bool) -> tuple[str, ...]:
    return ("array", "object") if distributed else ("array",)


def _config(fields: Fields, name: str) -> tuple[str, bool]:
    processor = fields.value.get(name)
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    if config is None:
        return "INLINE", False
    where = f"{fields.at(name)}/ProcessorConfig"
    if not isinstance(config, dict):
        fields.problems.error("Expected value of type Object", where)
        return "INLINE", False
    part = Fields(config, where, fields.problems, jsonata=False)
    mode = part.one_of("Mode", ("INLINE", "DISTRIBUTED"), "INLINE")
    type_ = part.one_of("ExecutionType", ("STANDARD", "EXPRESS"), "STANDARD")
    if mode == "DISTRIBUTED" and "ExecutionType" not in config:
        fields.problems.error("The field 'ExecutionType' is required", where)
    part.finish()
    return mode, type_ == "EXPRESS"


def _label(fields: Fields) -> str | None:
    label = fields.text("Label")
    if label is not None and (not 0 < len(label) <= LABEL_LIMIT or SPECIAL & set(label)):
        fields.problems.error(
            f"A Label has 1 to {LABEL_LIMIT} characters, without spaces and special characters",
            fields.at("Label"),
            "INVALID_LABEL_NAME",
        )
    return label


def _percentage(fields: Fields) -> Value | None:
    name = "ToleratedFailurePercentage"
    raw = fields.raw(name)
    if name not in fields.value:
        return None
    if not (fields.jsonata and is_expression(raw)):
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            fields.problems.error("Expected value of type Number", fields.at(name))
        elif raw < 0:
            fields.problems.error("Minimum value is 0.0", fields.at(name))
        elif raw > 100:
            fields.problems.error("Maximum value is 100.0", fields.at(name))
    return fields.compile(name, raw)


def _reader(fields: Fields) -> Reader | None:
    value = fields.object("ItemReader")
    if value is None:
        return None
    part = fields.sub("ItemReader", value)
    resource = part.text("Resource", required=True) or GET_OBJECT
    if resource not in (GET_OBJECT, LIST_OBJECTS):
        part.problems.error(
            f"The field 'Resource' should have one of these values: [{GET_OBJECT}, {LIST_OBJECTS}]",
            part.at("Resource"),
        )
    _reader_config(part, resource)
    if fields.jsonata and "Arguments" not in value:
        part.problems.error("The field 'Arguments' is required", part.where)
    reader = Reader(
        resource,
        part.value_of("ReaderConfig"),
        part.value_of("Arguments") if fields.jsonata else None,
    )
    part.finish()
    return reader


def _reader_config(part: Fields, resource: str) -> None:
    config = part.object("ReaderConfig", required=resource == GET_OBJECT)
    if config is None:
        return
    fields = part.sub("ReaderConfig", config)
    kind = fields.one_of("InputType", INPUT_TYPES, "")
    manifest = fields.one_of("ManifestType", ("S3_INVENTORY", "ATHENA_DATA"), "")
    flatten = fields.one_of("Transformation", ("NONE", "LOAD_AND_FLATTEN"), "NONE") != "NONE"
    if manifest == "ATHENA_DATA":
        fields.problems.error(
            "ManifestType ATHENA_DATA (manifests of Athena) is not implemented",
            fields.at("ManifestType"),
            NOT_IMPLEMENTED,
        )
    reads = resource == GET_OBJECT or flatten
    if reads and not kind and not manifest and "InputType" not in config:
        fields.problems.error("The field 'InputType' is required", fields.where)
    _allow(fields, "InputType", reads)
    _allow(fields, "Transformation", resource == LIST_OBJECTS)
    _allow(fields, "ManifestType", kind in ("", "MANIFEST", "CSV") and reads)
    _csv(fields, kind)
    _allow(fields, "ItemsPointer", kind == "JSON")
    fields.text("ItemsPointer")
    fields.count("MaxItems", 0, 100_000_000)
    fields.finish()


def _csv(fields: Fields, kind: str) -> None:
    csv = kind == "CSV"
    for name in ("CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"):
        _allow(fields, name, csv)
    where = fields.one_of("CSVHeaderLocation", ("FIRST_ROW", "GIVEN"), "")
    if csv and "CSVHeaderLocation" not in fields.value:
        fields.problems.error("The field 'CSVHeaderLocation' is required", fields.where)
    fields.one_of("CSVDelimiter", ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"), "COMMA")
    headers = fields.items("CSVHeaders")
    if csv and where == "GIVEN" and headers is None:
        fields.problems.error("The field 'CSVHeaders' is required", fields.where)
    if csv and where == "FIRST_ROW" and headers is not None:
        fields.problems.error("Field 'CSVHeaders' is not supported", fields.where)


def _allow(fields: Fields, name: str, allowed: bool) -> None:
    if name in fields.value and not allowed:
        fields.problems.error(f"Field '{name}' is not supported", fields.where)


def _batcher(fields: Fields) -> Batcher | None:
    value = fields.object("ItemBatcher")
    if value is None:
        return None
    part = fields.sub("ItemBatcher", value)
    if "MaxItemsPerBatch" not in value and "MaxInputBytesPerBatch" not in value:
        part.problems.error(
            "ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch", part.where
        )
    batcher = Batcher(
        part.count("MaxItemsPerBatch", 1),
        part.count("MaxInputBytesPerBatch", 1, 262_144),
        part.value_of("BatchInput"),
    )
    part.finish()
    return batcher


def _writer(fields: Fields) -> Writer | None:
    value = fields.object("ResultWriter")
    if value is None:
        return None
    part = fields.sub("ResultWriter", value)
    resource = part.text("Resource")
    config = part.object("WriterConfig") or {}
    inner = part.sub("WriterConfig", config)
    inner.one_of("OutputType", ("JSON", "JSONL"), "JSON")
    inner.one_of("Transformation", ("NONE", "COMPACT", "FLATTEN"), "NONE")
    inner.finish()
    if resource is None and not config:
        part.problems.error("ResultWriter needs Resource, WriterConfig or both", part.where)
    if resource not in (None, PUT_OBJECT):
        part.problems.error(
            f"The field 'Resource' should have one of these values: [{PUT_OBJECT}]",
            part.at("Resource"),
        )
    if resource is not None and fields.jsonata and "Arguments" not in value:
        part.problems.error("The field 'Arguments' is required", part.where)
    writer = Writer(resource, part.value_of("Arguments"), config)
    part.finish()
    return writer
