"""Templates: what is an expression, what is read, what is shared, how it fails."""

from __future__ import annotations

import contextlib
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.stepfunctions.errors import DefinitionError, EvaluationError
from embedded_aws.stepfunctions.expressions import Scope, compile_template

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


def scope(value: Any = None, **variables: Any) -> Scope:
    return Scope(variables, {"input": value}, 0.0, random.Random(1))


def evaluate(template: Any, value: Any = None, **variables: Any) -> Any:
    return compile_template(template, "Output").evaluate(scope(value, **variables))


@pytest.mark.parametrize("text", ["plain", "a {% 1 %} b", "{%}", "", "{ % 1 % }", "{{% 1 %}}"])
def test_only_a_whole_marked_string_is_an_expression(text: str) -> None:
    template = compile_template(text, "Output")

    assert template.is_literal
    assert template.evaluate(scope()) == text


@pytest.mark.parametrize(
    "text", [" {% 1 %}", "{% 1 %} ", "x{% 1 %}", "{%", "%}", "{% 1 % }", "{ % 1 %}"]
)
def test_half_a_mark_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        compile_template({"a": [text]}, "Output")
    assert [finding.location for finding in refused.value.diagnostics] == ["Output/a[0]"]


@pytest.mark.parametrize("text", ["{%1+1%}", "{%   1+1\n%}", "{% /* two */ 1 + 1 %}"])
def test_the_text_between_the_marks_is_evaluated(text: str) -> None:
    assert evaluate(text) == 2


def test_expressions_stand_anywhere_in_json_but_not_in_keys() -> None:
    template = {"{% 1 %}": ["{% 1 + 1 %}", {"deep": "{% $x %}", "literal": 1.50}], "n": None}

    assert evaluate(template, x="q") == {"{% 1 %}": [2, {"deep": "q", "literal": 1.5}], "n": None}


def test_values_are_bound_never_spliced() -> None:
    awkward = """"}) & $error('') & {% 1 %} \\ ' `"""

    assert evaluate("{% $x %}", x=awkward) == awkward
    assert evaluate("{% $x & '!' %}", x=awkward) == awkward + "!"


def test_large_values_pass_through_uncopied() -> None:
    value = {"rows": [{"text": "x" * 100} for _ in range(2_000)]}

    assert evaluate("{% $states.input %}", value) is value
    assert evaluate("{% {'all': $states.input.rows} %}", value)["all"] is value["rows"]


def test_trivial_evaluations_are_fast_beside_large_values() -> None:
    value = {"rows": ["x" * 100] * 2_000, "n": 1}
    template = compile_template("{% $states.input.n + 1 %}", "Output")
    shared = scope(value, other=value)

    started = time.thread_time()
    for _ in range(5_000):
        template.evaluate(shared)

    assert 5_000 / (time.thread_time() - started) > 20_000


def test_one_template_serves_many_threads() -> None:
    template = compile_template(
        "{% ($f := function($n){$n <= 1 ? 1 : $n * $f($n - 1)}; "
        "$map([1..20], function($v){$f($v) & $x})) %}",
        "Output",
    )

    def run(name: int) -> Any:
        return template.evaluate(scope(x=str(name)))

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(run, range(64)))

    assert [result[0] for result in results] == [f"1{name}" for name in range(64)]


def test_bindings_of_an_expression_stay_in_it() -> None:
    variables: dict[str, Any] = {"x": 1}
    template = compile_template(["{% $x := 5 %}", "{% $x %}"], "Output")

    assert template.evaluate(Scope(variables, {}, 0.0, random.Random(1))) == [5, 1]
    assert variables == {"x": 1}


def test_a_variable_hides_the_function_of_its_name() -> None:
    assert evaluate("{% $sum %}", sum=3) == 3
    with pytest.raises(EvaluationError, match="T1006: Attempted to invoke a non-function"):
        evaluate("{% $sum([1]) %}", sum=3)


@pytest.mark.parametrize(
    ("expression", "variables"),
    [
        ("$a + $b.c[$d > 1]", {"a", "b", "d"}),
        ("($a := 1; $a + $b)", {"b"}),
        ("($a := $a; $a)", {"a"}),
        ("function($p){$p + $q}", {"q"}),
        ("($f := function($n){$f($n - 1)}; $f(3))", set()),
        ("($x := 1; ($y := 2); $y)", {"y"}),
        ("$rows@$r.{'n': $r.n, 's': $s}", {"rows", "s"}),
        ("$rows#$i[$i = $n].v", {"rows", "n"}),
        ("$map($rows, function($v, $i){$v})", {"rows"}),
        ("$rows{$k: $v}", {"rows", "k", "v"}),
        ("$rows^(>$k).n", {"rows", "k"}),
        ("$rows ~> $f(?, $g)", {"rows", "f", "g"}),
        ("$o ~> |a|{'b': $c}, $d|", {"o", "c", "d"}),
        ("$t ? $u : $v", {"t", "u", "v"}),
        ("{'a': [$l, -$m]}", {"l", "m"}),
        ("$states.input.a[$ > 1]", set()),
    ],
)
def test_free_variables(expression: str, variables: set[str]) -> None:
    assert compile_template("{% " + expression + " %}", "Output").variables == variables


def test_fields_read_of_states() -> None:
    template = compile_template(
        {"a": "{% $states.input.x %}", "b": ["{% $f($states.context.Execution.Id) %}"]}, "Output"
    )

    assert template.states_fields == {"input", "context"}


@pytest.mark.parametrize(
    "expression",
    ["1 +", "(1", "[1", "{'a' 1}", "$x[", "'open", "/open", "/(/", "1 1", "", "/", "$.", "!"],
)
def test_broken_expressions_are_refused_with_their_place(expression: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        compile_template({"a": ["x", "{% " + expression + " %}"]}, "Arguments")

    (found,) = raised.value.diagnostics
    assert (found.severity, found.location) == ("ERROR", "Arguments/a[1]")


def test_every_broken_expression_is_reported() -> None:
    with pytest.raises(DefinitionError) as raised:
        compile_template({"a": "{% 1 + %}", "b": {"c": "{% $eval('1') %}"}, "d": 1}, "Assign")

    assert [found.location for found in raised.value.diagnostics] == ["Assign/a", "Assign/b/c"]


def test_a_failure_names_its_field_and_expression() -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluate({"a": {"b": "{%  $states.input + 1 %}"}}, "text")

    error = raised.value
    assert (error.field, error.expression) == ("Output/a/b", "$states.input + 1")
    assert error.detail == (
        'threw an error during evaluation. T2001: The left side of the "+" operator must'
        " evaluate to a number"
    )


def test_undefined_fails_also_inside_a_template() -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluate(["{% $states.input.missing %}"], {})

    assert raised.value.field == "Output[0]"
    assert raised.value.detail == "returned nothing (undefined)."


def test_undefined_fields_of_an_object_expression_are_left_out() -> None:
    assert evaluate("{% {'a': $states.input.missing, 'b': 1} %}", {}) == {"b": 1}


def test_an_endless_loop_ends_at_the_time_limit() -> None:
    with pytest.raises(EvaluationError, match="Expression evaluation timeout"):
        evaluate("{% ($f := function($n){$f($n + 1)}; $f(1)) %}")


@given(JSON_VALUES)
def test_any_json_survives_text_and_back(value: Any) -> None:
    text = json.dumps(value)

    parsed = evaluate("{% $parse($states.input) %}", text)

    assert json.loads(json.dumps(parsed)) == value


@given(JSON_VALUES, JSON_VALUES)
def test_equality_is_that_of_json(left: Any, right: Any) -> None:
    same = json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)

    assert evaluate("{% $x = $x %}", x=left) is True
    if same:
        assert evaluate("{% $x = $y %}", x=left, y=right) is True


@given(st.text(alphabet="$abx.[](){}'\"+-*/%&=<>?:;,~|^@#! 01\\", max_size=24))
def test_no_text_crashes_the_compiler_or_the_evaluator(text: str) -> None:
    with contextlib.suppress(DefinitionError, EvaluationError):
        evaluate("{% " + text + " %}", {"a": [1, {"b": 2}]}, x={"a": 1}, a=[1, 2], b=None)
