"""Everything that this project has on AWS. `pulumi up` applies it, and so does `dej apply`."""

from infra.platform import deploy

deploy()
