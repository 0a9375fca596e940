"""Checks workflows and program of every stack; prints a line per check, fails on findings."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from infra.lint import checks, cloudformation
from infra.lint.program import Stack, look
from infra.platform import ROOT


def main() -> int:
    """0 if nothing is found, 1 otherwise."""
    found = 0
    for name in sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")):
        for check, findings in check_stack(look(ROOT, name)):
            found += len(findings)
            print(f"{name}: {check}: {f'{len(findings)} findings' if findings else 'ok'}")
            for finding in findings:
                print(f"    {finding}")
    return 1 if found else 0


def check_stack(stack: Stack) -> Iterator[tuple[str, list[str]]]:
    """(name of a check, its findings) for each check of a stack's resources."""
    definitions = stack.definitions()
    template = cloudformation.template(stack.resources)
    granted = {name: checks.actions(stack.statements(name)) for name in definitions}
    yield "workflows by asl-validator", checks.workflows(ROOT, definitions)
    yield "resources by cfn-lint", checks.resources(template, stack.region)
    yield "policies by rule", checks.policies(stack.policies())
    yield "policies by what states call", checks.privileges(definitions, granted)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except checks.MissingTool as error:
        sys.exit(str(error))
