"""The docs site: a private bucket behind CloudFront, which asks each reader for name and password.

Passwords are nowhere: the key-value store has salted hashes, which the stack's configuration
holds encrypted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.lake import Bucket, BucketPlan, tls_only
from infra.naming import Deployment
from infra.policies import policy
from infra.settings import Settings

COMPONENT = "gold"
PASSWORDS = "docs-passwords"  # configuration secret: salt:hash by reader
ENTRY = re.compile(r"[0-9a-f]{32}:[0-9a-f]{64}")
GUARD = Path(__file__).resolve().parent / "docs_guard.js"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # AWS's managed cache policy
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"  # AWS's managed response headers policy


class DocsSite(pulumi.ComponentResource):
    """The bucket to which builds publish, and the site, as `bucket` and `url`.

    On DuckDB there is no site: `dej docs` serves the page, and `url` is None.
    """

    def __init__(
        self,
        deployment: Deployment,
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("data-engineer-jobs:gold:DocsSite", "docs", None, opts)
        self._deployment, self._settings = deployment, settings
        self._child = pulumi.ResourceOptions(parent=self)
        public = settings.gold.engine == "redshift"
        self.bucket = Bucket(
            BucketPlan("docs", [], versioned=False, policy=not public),
            deployment,
            settings.lake.force_destroy,
            self._child,
        )
        self.url: pulumi.Output[str] | None = None
        if public:
            site = self._distribution()
            self._only_for(site)
            self.url = pulumi.Output.concat("https://", site.domain_name, "/")
        self.register_outputs({"bucket": self.bucket.name})

    def _distribution(self) -> aws.cloudfront.Distribution:
        deployment = self._deployment
        access = aws.cloudfront.OriginAccessControl(
            "docs",
            name=deployment.name("docs"),
            description="CloudFront reads the docs bucket",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self._child,
        )
        return aws.cloudfront.Distribution(
            "docs",
            enabled=True,
            comment=f"Docs of {deployment.name('gold')}",
            default_root_object="index.html",
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class="PriceClass_100",
            origins=[
                {
                    "origin_id": "docs",
                    "domain_name": self.bucket.domain,
                    "origin_access_control_id": access.id,
                }
            ],
            default_cache_behavior={
                "target_origin_id": "docs",
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": CACHING_DISABLED,
                "response_headers_policy_id": SECURITY_HEADERS,
                "compress": True,
                "function_associations": [
                    {"event_type": "viewer-request", "function_arn": self._guard().arn}
                ],
            },
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={"cloudfront_default_certificate": True},
            tags=deployment.tags(COMPONENT),
            opts=self._child,
        )

    def _guard(self) -> aws.cloudfront.Function:
        deployment = self._deployment
        store = aws.cloudfront.KeyValueStore(
            "docs-users",
            name=deployment.name("docs-users"),
            comment="Readers of the docs: name, salt and hash",
            opts=self._child,
        )
        for reader in self._settings.gold.docs_readers:
            aws.cloudfront.KeyvaluestoreKey(
                f"docs-reader-{reader}",
                key_value_store_arn=store.arn,
                key=reader,
                value=hashed_password(reader),
                opts=self._child,
            )
        return aws.cloudfront.Function(
            "docs-guard",
            name=deployment.name("docs-guard"),
            comment="Asks for name and password",
            runtime="cloudfront-js-2.0",
            publish=True,
            code=GUARD.read_text(encoding="utf-8"),
            key_value_store_associations=[store.arn],
            opts=self._child,
        )

    def _only_for(self, site: aws.cloudfront.Distribution) -> None:
        """The bucket is read by this distribution alone, and over TLS."""
        read = {
            "Sid": "ReadByCloudFront",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": pulumi.Output.concat(self.bucket.arn, "/*"),
            "Condition": {"StringEquals": {"AWS:SourceArn": site.arn}},
        }
        aws.s3.BucketPolicy(
            "docs",
            bucket=self.bucket.name,
            policy=policy([read, tls_only(self.bucket.arn)]),
            opts=self._child,
        )


def hashed_password(reader: str) -> pulumi.Output[str]:
    """`salt:hash` of a reader, from the secret `docs-passwords`.

    Raises RunError without it, and for anything else: a password would lie there in clear.
    """
    found = pulumi.Config().get_secret_object(PASSWORDS)
    if found is None:
        raise pulumi.RunError(
            f"gold.docs_readers names {reader}, who has no password: run `dej gold reader {reader}`"
        )

    def own(passwords: Mapping[str, str]) -> str:
        if reader not in passwords:
            raise pulumi.RunError(
                f"{PASSWORDS} has no entry {reader}: run `dej gold reader {reader}`"
            )
        if not ENTRY.fullmatch(passwords[reader]):
            raise pulumi.RunError(
                f"{PASSWORDS}.{reader} is not salt:hash, a password perhaps: "
                f"run `dej gold reader {reader}`"
            )
        return passwords[reader]

    return found.apply(own)
