"""Provisions the embedded AWS from the Pulumi program, without the Pulumi CLI."""

from embedded_aws.provider.deploy import Action, Applied, Change, apply, destroy
from embedded_aws.provider.resource import ProvisioningError

__all__ = ["Action", "Applied", "Change", "ProvisioningError", "apply", "destroy"]
