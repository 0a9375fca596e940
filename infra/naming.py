"""Names, tags and ARNs of one stack in one account and region."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True)
class Deployment:
    """Where, and as which stack, the program deploys."""

    project: str
    stack: str
    account: str
    region: str
    partition: str

    @classmethod
    def current(cls) -> Deployment:
        """As the running program's stack and its AWS provider say."""
        return cls(
            project=pulumi.get_project(),
            stack=pulumi.get_stack(),
            account=aws.get_caller_identity().account_id,
            region=aws.get_region().region,
            partition=aws.get_partition().partition,
        )

    def name(self, thing: str) -> str:
        """The physical name of a thing: explicit, so that a clash fails instead of hiding."""
        return f"{self.project}-{self.stack}-{thing}"

    def tags(self, component: str) -> dict[str, str]:
        """The tags of every resource of a component."""
        return {"Project": self.project, "Environment": self.stack, "Component": component}

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region, known before it exists."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def state_machine_arn(self, thing: str) -> str:
        return self.arn("states", f"stateMachine:{self.name(thing)}")

    def console_url(self, service: str, fragment: str) -> str:
        """A page of the AWS console."""
        host = f"{self.region}.console.aws.amazon.com"
        return f"https://{host}/{service}/home?region={self.region}#{fragment}"
