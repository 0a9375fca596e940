"""What a definition may not say: each case is refused with this message at this place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded_aws.stepfunctions import StatesError
from embedded_aws.stepfunctions.integrations.base import Call, Integration
from embedded_aws.stepfunctions.parse import parse
from embedded_aws.stepfunctions.validate import check_express, validate


class Known:
    resource_type = "test"
    resource = "work"

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def check(self, arguments: Any) -> list[str]:
        return [f"unknown name '{name}'" for name in arguments if name == "Unknown"]

    async def start(self, arguments: Any, call: Call) -> Any:
        raise StatesError("Unused")

    async def wait(self, submitted: Any, call: Call) -> Any:
        raise StatesError("Unused")


def resolve(resource: str) -> Integration:
    if resource in ("arn:aws:states:::test:work", "arn:aws:states:::test:work.sync"):
        return Known("sync" if resource.endswith("sync") else "request")
    raise ValueError(f"The resource '{resource}' is not supported")


def findings(definition: Any, express: bool = False) -> list[tuple[str, str, str]]:
    """(severity, message, location) of everything found."""
    text = definition if isinstance(definition, str) else json.dumps(definition)
    machine, found = parse(text, resolve)
    if machine is not None:
        found = [*found, *validate(machine)]
        found += check_express(machine) if express else []
    return [(f.severity, f.message, f.location) for f in found]


def errors(definition: Any, express: bool = False) -> list[tuple[str, str]]:
    return [(m, at) for severity, m, at in findings(definition, express) if severity == "ERROR"]


def of(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


PASS = {"Type": "Pass", "End": True}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::test:work", "Arguments": {}, "End": True}
PROCESSOR = {"StartAt": "I", "States": {"I": PASS}}
DISTRIBUTED = PROCESSOR | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
MAP = {"Type": "Map", "ItemProcessor": PROCESSOR, "End": True}
DISTRIBUTED_MAP = {"Type": "Map", "ItemProcessor": DISTRIBUTED, "End": True}
S3_READER = {"Resource": "arn:aws:states:::s3:getObject", "Arguments": {}}


def reader(**config: Any) -> dict[str, Any]:
    return of(M=DISTRIBUTED_MAP | {"ItemReader": S3_READER | {"ReaderConfig": config}})


REFUSED: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("no object", "[]", [("Expected value of type Object", "/")]),
    ("empty", {}, [
        ("The field 'StartAt' is required", ""), ("The field 'States' is required", "")]),
    ("start", of(A=PASS) | {"StartAt": "B"}, [
        ("Missing 'Next' target: B", "/StartAt"),
        ('State "A" is not reachable.', "/States/A"),
    ]),
    ("type", of(A={"Type": "Wurst", "End": True}), [(
        "The field 'Type' should have one of these values:"
        " [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]", "/States/A/Type")]),
    ("no way out", of(A={"Type": "Pass"}), [
        ("This object should have only one of the following fields: [Next, End]", "/States/A"),
        ("Workflow has no terminal state", ""),
    ]),
    ("two ways out", of(A=PASS | {"Next": "A"}), [
        ("This object should have only one of the following fields: [Next, End]", "/States/A"),
        ("Workflow has no terminal state", ""),
    ]),
    ("next of succeed", of(A={"Type": "Succeed", "End": True}),
     [("Field 'End' is not supported", "/States/A")]),
    ("spelling", of(A=PASS | {"Outputs": 1}),
     [("Field 'Outputs' is not supported: did you mean 'Output'?", "/States/A")]),
    ("jsonpath field", of(A=PASS | {"ResultPath": "$.x"}), [(
        "The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only supported for the"
        " 'JSONPath' QueryLanguage: here its place is Output", "/States/A")]),
    ("jsonpath state", {"StartAt": "A", "States": {"A": PASS | {"InputPath": "$.x"}}}, [(
        "Field 'InputPath' of JSONPath is not supported: set \"QueryLanguage\": \"JSONata\" and"
        " use Arguments or Output", "/States/A")]),
    ("jsonata field", {"StartAt": "A", "States": {"A": PASS | {"Output": 1}}}, [(
        "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the"
        " 'JSONata' QueryLanguage", "/States/A")]),
    ("language of a processor", of(A=MAP | {
        "ItemProcessor": PROCESSOR | {"QueryLanguage": "JSONata"}}),
     [("Field 'QueryLanguage' is not supported", "/States/A/ItemProcessor")]),
    ("timeout of a map", of(A=MAP | {"TimeoutSeconds": 5}),
     [("Field 'TimeoutSeconds' is not supported", "/States/A")]),
    ("catch of a pass", of(A=PASS | {"Catch": []}),
     [("Field 'Catch' is not supported", "/States/A")]),
    ("next nowhere", of(A={"Type": "Pass", "Next": "B"}), [
        ("Missing 'Next' target: B", "/States/A/Next"), ("Workflow has no terminal state", "")]),
    ("default nowhere", of(A={
        "Type": "Choice", "Choices": [{"Condition": True, "Next": "Y"}], "Default": "Z"}, B=PASS), [
        ("Missing 'Next' target: Y", "/States/A/Choices[0]/Next"),
        ("Missing 'Next' target: Z", "/States/A/Default"),
        ('State "B" is not reachable.', "/States/B")]),
    ("jsonpath key", {"StartAt": "A", "States": {"A": PASS | {"Assign": {"x": {"y.$": "$"}}}}}, [(
        "Field 'y.$' is a JSONPath, which is not supported: set \"QueryLanguage\": \"JSONata\""
        " and use an expression", "/States/A/Assign/x/y.$")]),
    ("jsonpath in jsonata", of(A=PASS | {"QueryLanguage": "JSONPath"}),
     [("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
       "/States/A")]),
    ("seconds", of(A={"Type": "Wait", "Seconds": -1, "End": True}),
     [("Minimum value is 0", "/States/A/Seconds")]),
    ("half a second", of(A={"Type": "Wait", "Seconds": 1.5, "End": True}),
     [("Expected value of type Integer", "/States/A/Seconds")]),
    ("timestamp", of(A={"Type": "Wait", "Timestamp": "soon", "End": True}),
     [("String does not match RFC3339 timestamp", "/States/A/Timestamp")]),
    ("no such day", of(A={"Type": "Wait", "Timestamp": "2026-13-01T00:00:00Z", "End": True}),
     [("String does not match RFC3339 timestamp", "/States/A/Timestamp")]),
    ("wait for what", of(A={"Type": "Wait", "End": True}), [(
        "This object should have only one of the following fields: [Seconds, Timestamp]",
        "/States/A")]),
    ("catch-all first", of(A=TASK | {"Retry": [
        {"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]}),
     [("States.ALL must appear alone and at end of list", "/States/A/Retry[0]/ErrorEquals")]),
    ("no errors named", of(A=TASK | {"Catch": [{"ErrorEquals": [], "Next": "A"}]}),
     [("Expected a list of at least one error name", "/States/A/Catch[0]/ErrorEquals")]),
    ("backoff", of(A=TASK | {"Retry": [{"ErrorEquals": ["X"], "BackoffRate": 0.5}]}),
     [("Minimum value is 1.0", "/States/A/Retry[0]/BackoffRate")]),
    ("catch nowhere", of(A=TASK | {"Catch": [{"ErrorEquals": ["X"], "Next": "Y"}]}),
     [("Missing 'Next' target: Y", "/States/A/Catch[0]/Next")]),
    ("resource", of(A=TASK | {"Resource": "arn:aws:states:::wurst:eat"}), [(
        "The resource 'arn:aws:states:::wurst:eat' is not supported", "/States/A/Resource")]),
    ("argument", of(A=TASK | {"Arguments": {"Unknown": 1}}),
     [("unknown name 'Unknown'", "/States/A/Arguments")]),
    ("no arguments", of(A={k: v for k, v in TASK.items() if k != "Arguments"}),
     [("The field 'Arguments' is required", "/States/A")]),
    ("timeout", of(A=TASK | {"TimeoutSeconds": 0}),
     [("Minimum value is 1", "/States/A/TimeoutSeconds")]),
    ("variable", of(A=PASS | {"Assign": {"states": 1}}), [(
        "'states' is not a variable name: letters, digits and _, not starting with a digit, at"
        " most 80 characters, and not 'states'", "/States/A/Assign/states")]),
    ("error out of place", of(A=PASS | {"Output": "{% $states.errorOutput %}"}),
     [("Field '$states.errorOutput' does not exist.", "/States/A/Output")]),
    ("result out of place", of(A=TASK | {"Arguments": "{% $states.result %}"}),
     [("Field '$states.result' does not exist.", "/States/A/Arguments")]),
    ("same name twice", of(A=MAP | {"ItemProcessor": {"StartAt": "A", "States": {"A": PASS}}}),
     [("Duplicate State name: A", "/States/A/ItemProcessor/States/A")]),
    ("outer variable", of(
        A=PASS | {"Assign": {"x": 1}, "End": False, "Next": "M"},
        M=MAP | {"ItemProcessor": {
            "StartAt": "I", "States": {"I": PASS | {"Assign": {"x": 2}}}}}), [
        ("The variable 'x' is assigned in an outer scope already",
         "/States/M/ItemProcessor/States/I/Assign/x")]),
    ("no rules", of(A={"Type": "Choice", "Default": "B"}, B=PASS), [
        ("The field 'Choices' must have at least one rule", "/States/A")]),
    ("no condition", of(A={"Type": "Choice", "Choices": [{"Next": "B"}]}, B=PASS),
     [("The field 'Condition' is required", "/States/A/Choices[0]")]),
    ("rule of jsonpath", {"StartAt": "A", "States": {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "B"}]},
        "B": PASS}}, [
        ("A Choice in JSONPath is not supported: set \"QueryLanguage\": \"JSONata\" and use"
         " Condition", "/States/A")]),
    ("circle", of(A={"Type": "Pass", "Next": "A"}),
     [("Workflow has no terminal state", "")]),
    ("circle and an island", of(A={"Type": "Pass", "Next": "A"}, B={"Type": "Pass", "Next": "A"}),
     [("Workflow has no terminal state", "")]),
    ("branches", of(A={"Type": "Parallel", "Branches": [], "End": True}),
     [("The field 'Branches' must have at least one branch", "/States/A")]),
    ("branch", of(
        A={"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {}}], "End": True}),
     [("The field 'States' must have at least one state", "/States/A/Branches[0]/States"),
      ("Missing 'Next' target: B", "/States/A/Branches[0]/StartAt")]),
    ("reader inline", of(
        M=MAP | {"ItemReader": S3_READER | {"ReaderConfig": {"InputType": "JSON"}}}),
     [("Field 'ItemReader' is not supported in an INLINE Map: set ProcessorConfig.Mode to"
       " DISTRIBUTED", "/States/M")]),
    ("input type", reader(),
     [("The field 'InputType' is required", "/States/M/ItemReader/ReaderConfig")]),
    ("csv header", reader(InputType="CSV"),
     [("The field 'CSVHeaderLocation' is required", "/States/M/ItemReader/ReaderConfig")]),
    ("csv of json", reader(InputType="JSON", CSVHeaderLocation="FIRST_ROW"),
     [("Field 'CSVHeaderLocation' is not supported",
       "/States/M/ItemReader/ReaderConfig")]),
    ("athena", reader(InputType="CSV", CSVHeaderLocation="FIRST_ROW", ManifestType="ATHENA_DATA"),
     [("ManifestType ATHENA_DATA (manifests of Athena) is not implemented",
       "/States/M/ItemReader/ReaderConfig/ManifestType")]),
    ("batcher", of(M=DISTRIBUTED_MAP | {"ItemBatcher": {}}), [
        ("ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch", "/States/M/ItemBatcher")]),
    ("percentage", of(M=DISTRIBUTED_MAP | {"ToleratedFailurePercentage": 101}), [
        ("Maximum value is 100.0", "/States/M/ToleratedFailurePercentage")]),
    ("concurrency", of(M=MAP | {"MaxConcurrency": -1}),
     [("Minimum value is 0", "/States/M/MaxConcurrency")]),
    ("items", of(M=MAP | {"Items": {"a": 1}}),
     [("Expected value of type Array", "/States/M/Items")]),
    ("no resource", of(A={k: v for k, v in TASK.items() if k != "Resource"}),
     [("The field 'Resource' is required", "/States/A")]),
    ("no arn", of(A=TASK | {"Resource": "work"}),
     [("Value is not a valid resource ARN", "/States/A/Resource")]),
    ("wait for what in jsonpath", {"StartAt": "A", "States": {"A": {"Type": "Wait", "End": True}}},
     [("This object should have only one of the following fields: [Seconds, SecondsPath,"
       " Timestamp, TimestampPath]", "/States/A")]),
    ("long name", of(**{"A" * 81: PASS}),
     [("A state name has at most 80 characters", "/States/" + "A" * 81)]),
    ("unfinished resource", of(A=TASK | {"Resource": "${WorkArn}"}),
     [("The substitution ${WorkArn} was not filled in", "/States/A/Resource")]),
    ("unfinished argument", of(A=TASK | {
        "Arguments": {"a": ["${Name}", "arn:aws:s3:::${Bucket}"]}}),
     [("The substitution ${Name} was not filled in", "/States/A/Arguments/a[0]"),
      ("The substitution ${Bucket} was not filled in", "/States/A/Arguments/a[1]")]),
    ("top level", of(A=PASS | {"Output": {"v": "{% phone %}"}}),
     [("Reference to 'phone' at the top level is not supported.", "/States/A/Output/v")]),
    ("bracket", of(A=PASS | {"Output": "{% $x[1,2) %}"}),
     [('Expected "]", got "," at position 5', "/States/A/Output")]),
    ("not closed", of(A=PASS | {"Output": ["{% 1 + 1"]}), [(
        "An expression starts with {% and ends with %}, without spaces around them",
        "/States/A/Output[0]")]),
    ("space before", of(A=PASS | {"Assign": {"y": " {% 1 %}"}}), [(
        "An expression starts with {% and ends with %}, without spaces around them",
        "/States/A/Assign/y")]),
    ("unfinished expression", of(A=PASS | {"Assign": {"y": "{% 1 + %}"}}),
     [("Unexpected end of expression at position 3", "/States/A/Assign/y")]),
    ("unfinished string", of(A=TASK | {"Arguments": {"a": "{% 'b %}"}}), [(
        "String literal must be terminated by a matching quote at position 2",
        "/States/A/Arguments/a")]),
    ("condition", of(A={"Type": "Choice", "Choices": [
        {"Condition": "{% 1 = %}", "Next": "B"}]}, B=PASS),
     [("Unexpected end of expression at position 3", "/States/A/Choices[0]/Condition")]),
    ("label", of(M=DISTRIBUTED_MAP | {"Label": "a b"}), [
        ("A Label has 1 to 40 characters, without spaces and special characters",
         "/States/M/Label")]),
    ("writer", of(M=DISTRIBUTED_MAP | {"ResultWriter": {"WriterConfig": {"OutputType": "XML"}}}), [
        ("The field 'OutputType' should have one of these values: [JSON, JSONL]",
         "/States/M/ResultWriter/WriterConfig/OutputType")]),
]  # fmt: skip


@pytest.mark.parametrize(("definition", "expected"), [c[1:] for c in REFUSED], ids=[
    c[0] for c in REFUSED])  # fmt: skip
def test_refused(definition: Any, expected: list[tuple[str, str]]) -> None:
    assert errors(definition) == expected


@pytest.mark.parametrize(
    ("expression", "field"),
    [("1 +", "Output"), ("$eval('1')", "Output"), ("$x ?? 1", "Output"), ("$x ?: 1", "Output")],
)
def test_an_expression_that_does_not_compile_is_located(expression: str, field: str) -> None:
    definition = of(A=PASS | {"Output": {"deep": [f"{{% {expression} %}}"]}})
    ((_, location),) = errors(definition)
    assert location == "/States/A/Output/deep[0]"


def test_several_problems_are_told_together() -> None:
    found = errors(of(A={"Type": "Wait", "Seconds": -1, "Next": "B", "Typo": 1}))
    assert len(found) == 4


def test_text_that_is_no_json() -> None:
    ((message, location),) = errors('{"StartAt": NaN}')
    assert message.startswith("The definition is not valid JSON")
    assert location == ""


def test_an_undefined_variable_is_a_warning() -> None:
    found = findings(of(A=PASS | {"Output": "{% $later %}"}))
    assert found == [("WARNING", "The variable '$later' may be undefined here", "/States/A/Output")]


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ("[", "INVALID_JSON_DESCRIPTION"),
        (of(A={"Type": "Pass", "Next": "A"}), "MISSING_END_STATE"),
        (of(A=PASS, B=PASS), "MISSING_TRANSITION_TARGET"),
        (of(A=PASS) | {"StartAt": "B"}, "MISSING_TRANSITION_TARGET"),
        (of(A=MAP | {"ItemProcessor": {"StartAt": "A", "States": {"A": PASS}}}),
         "DUPLICATE_STATE_NAME"),
        (of(A=PASS | {"Typo": 1}), "SCHEMA_VALIDATION_FAILED"),
        (of(A=PASS | {"Output": "{% 1 + %}"}), "INVALID_JSONATA_EXPRESSION"),
        (of(A=PASS | {"Output": "{% phone %}"}), "UNSUPPORTED_JSONATA_EXPRESSION"),
        (of(A=PASS | {"Output": "{% $later %}"}), "POSSIBLY_UNDEFINED_VARIABLE"),
        (of(A=TASK | {"Arguments": "${A}"}), "UNFINISHED_SUBSTITUTION"),
        (of(A=TASK | {"Arguments": {"a": "Hello ${Name}!"}}), "UNFINISHED_SUBSTITUTION"),
        (of(A=TASK | {"Resource": "arn:aws:states:::wurst:eat"}), "NOT_IMPLEMENTED"),
        (of(A=DISTRIBUTED_MAP | {"Label": "a b"}), "INVALID_LABEL_NAME"),
    ],
)  # fmt: skip
def test_codes_are_awss(definition: Any, code: str) -> None:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    machine, found = parse(text, resolve)
    found += validate(machine) if machine is not None else []
    assert code in {finding.code for finding in found}


def test_a_placeholder_inside_other_text_is_a_warning() -> None:
    found = findings(of(A=TASK | {"Comment": "${C}", "Arguments": {"a": "Hello ${Name}!"}}))
    message = "The text holds ${Name}, maybe a substitution"
    assert found == [("WARNING", message, "/States/A/Arguments/a")]


def test_comments_are_accepted_everywhere() -> None:
    rule = {"Condition": "{% true %}", "Next": "T", "Comment": "c"}
    definition = of(
        A={"Type": "Choice", "Choices": [rule], "Comment": "c"},
        T=TASK
        | {
            "Comment": "c",
            "Retry": [{"ErrorEquals": ["X"], "Comment": "c"}],
            "Catch": [{"ErrorEquals": ["X"], "Next": "M", "Comment": "c"}],
            "End": False,
            "Next": "M",
        },
        M=MAP | {"ItemProcessor": PROCESSOR | {"Comment": "c"}},
    ) | {"Comment": "c", "Version": "1.0"}
    assert findings(definition) == []


@pytest.mark.parametrize(
    "state",
    [
        DISTRIBUTED_MAP,
        TASK | {"Resource": "arn:aws:states:::test:work.sync"},
        {"Type": "Task", "Resource": "arn:aws:states:us-east-1:1:activity:a", "End": True},
    ],
)
def test_what_an_express_machine_may_not_use(state: dict[str, Any]) -> None:
    definition = of(A=state)
    assert errors(definition) == []
    assert len(errors(definition, express=True)) == 1
