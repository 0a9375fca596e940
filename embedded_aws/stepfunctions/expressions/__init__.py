"""JSONata as Step Functions evaluates it: templates, scopes, errors.

compile_template(value, path)  any JSON value whose `{% ... %}` strings are expressions
Template.evaluate(scope)       its value, plain JSON; raises EvaluationError
"""

from __future__ import annotations

from .template import Scope, Template, compile_template

__all__ = ["Scope", "Template", "compile_template"]
