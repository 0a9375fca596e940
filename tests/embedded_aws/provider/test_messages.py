"""What cannot be applied is refused before anything is touched, by resource and property."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedded_aws.provider import ProvisioningError
from embedded_aws.provider.preview import preview
from tests.embedded_aws.provider.projects import SmallProject


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return SmallProject(tmp_path, "small")


REFUSED = [
    (
        'aws.s3.Bucket("a")',
        "aws:s3/bucket:Bucket a: bucket is required",
    ),
    (
        'aws.s3.Bucket("a", bucket="UPPER")',
        "aws:s3/bucket:Bucket a: bucket must match [a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    ),
    (
        'aws.s3.Bucket("a", bucket="small-a", acl="private")',
        "aws:s3/bucket:Bucket a: acl is not supported for aws:s3/bucket:Bucket here: leave it out",
    ),
    (
        'aws.s3.Bucket("a", bucket="small-a")\naws.s3.Bucket("b", bucket="small-a")',
        "the name small-a is already taken by aws:s3/bucket:Bucket",
    ),
    (
        'aws.s3.Bucket("a", bucket="small-a")\naws.s3.Bucket("a", bucket="small-b")',
        "aws:s3/bucket:Bucket a is declared twice: give one of them another name",
    ),
    (
        'aws.ec2.Eip("a", domain="vpc")',
        "a: aws:ec2/eip:Eip has no handler in embedded_aws/provider/aws",
    ),
    (
        'aws.ec2.Vpc("a", cidr_block="10.0.0.0/16")',
        "aws:ec2/vpc:Vpc is only for AWS: ",
    ),
    (
        'aws.s3.BucketVersioning("a", bucket="small-a", versioning_configuration={"staus": "x"})',
        "versioningConfiguration.staus is no input that is supported here; did you mean status?",
    ),
    (
        'aws.s3.BucketVersioning("a", bucket="small-a", versioning_configuration={"status": "On"})',
        "versioningConfiguration.status must be one of Enabled, Suspended",
    ),
    (
        'aws.cloudwatch.LogGroup("a", name="a", retention_in_days=2)',
        "aws:cloudwatch/logGroup:LogGroup a: retentionInDays must be one of 0, 1, 3, 5,",
    ),
    (
        'aws.iam.Role("a", name="a", assume_role_policy="not JSON")',
        "aws:iam/role:Role a: assumeRolePolicy must be an IAM policy document as JSON text",
    ),
    (
        'bucket = aws.s3.Bucket("a", bucket="small-a")\n'
        'aws.s3.BucketVersioning("v", bucket=bucket.website_endpoint,'
        ' versioning_configuration={"status": "Enabled"})',
        "aws:s3/bucketVersioning:BucketVersioning v: bucket uses a property that is not returned "
        "here, of aws:s3/bucket:Bucket a (it does not return accelerationStatus,",
    ),
    (
        'pulumi.export("x", aws.s3.Bucket("a", bucket="small-a").website_endpoint)',
        "stack output x uses a property that is not returned here",
    ),
    (
        'aws.s3.BucketObjectv2("o", bucket="small-a", key="k", source=pulumi.FileAsset("no.txt"))',
        "aws:s3/bucketObjectv2:BucketObjectv2 o: no file or folder no.txt",
    ),
    (
        'aws.s3.BucketObjectv2("o", bucket="small-a", key="k")',
        "aws:s3/bucketObjectv2:BucketObjectv2 o: source or content is required, one of them",
    ),
    (
        'aws.Provider("p", region="us-east-1", default_tags={"tags": {"a": "b"}})',
        "pulumi:providers:aws p: defaultTags has no effect on the embedded AWS",
    ),
    (
        'aws.Provider("p", region="eu-west-1")',
        "pulumi:providers:aws p: region must be us-east-1",
    ),
    (
        'aws.scheduler.Schedule("s", name="s", schedule_expression="rate(1 day)",'
        ' start_date="tomorrow", flexible_time_window={"mode": "OFF"},'
        ' target={"arn": "a", "role_arn": "r"})',
        "aws:scheduler/schedule:Schedule s: startDate must be an ISO 8601 time",
    ),
    (
        'aws.s3.Bucket("a", bucket="small-a", region="eu-west-1")',
        "aws:s3/bucket:Bucket a: region must be us-east-1 or left out",
    ),
    (
        'aws.s3.Bucket("a", bucket="small-a", opts=pulumi.ResourceOptions(import_="small-a"))',
        "aws:s3/bucket:Bucket a: the resource option import_ is not supported without the Pulumi",
    ),
    (
        "aws.get_billing_service_account()",
        "the data source aws:index/getBillingServiceAccount:getBillingServiceAccount is not supp",
    ),
    (
        'pulumi.log.error("the lake is dry")',
        "the lake is dry",
    ),
    (
        'aws.dynamodb.Table("t", name="small-t", hash_key="pk", billing_mode="PAY_PER_REQUEST",'
        ' attributes=[{"name": "pk", "type": "S"}, {"name": "other", "type": "S"}])',
        "aws:dynamodb/table:Table t: attributes must be exactly the keys: other",
    ),
]


@pytest.mark.parametrize(("program", "message"), REFUSED, ids=[text for _, text in REFUSED])
def test_refused(project: SmallProject, program: str, message: str) -> None:
    with pytest.raises(ProvisioningError) as refusal:
        project.apply(program)  # nothing listens at the endpoint: it is refused before
    assert message in str(refusal.value)


def test_all_failures_are_told_at_once(project: SmallProject) -> None:
    project.write("""
    aws.s3.Bucket("a")
    aws.s3.BucketVersioning("b", bucket="x" * 70, versioning_configuration={})
    """)
    with pytest.raises(ProvisioningError) as refusal:
        preview(project.folder, "local")
    assert sorted(str(refusal.value).splitlines()) == [
        "aws:s3/bucket:Bucket a: bucket is required",
        "aws:s3/bucketVersioning:BucketVersioning b: bucket must match "
        "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "aws:s3/bucketVersioning:BucketVersioning b: versioningConfiguration.status is required",
    ]


def test_output_in_a_string_is_an_error(project: SmallProject) -> None:
    bucket = 'bucket = aws.s3.Bucket("a", bucket="small-a")'
    with pytest.raises(Exception, match=r"Calling __str__ on an Output\[T\] is not supported"):
        project.apply(f'{bucket}\npulumi.export("x", f"{{bucket.arn}}")')


def test_nothing_listens(project: SmallProject) -> None:
    with pytest.raises(
        ProvisioningError,
        match=r"^aws:s3/bucket:Bucket a: no embedded AWS answers at http://127\.0\.0\.1:9: "
        "start it with `dej up`$",
    ):
        project.apply('aws.s3.Bucket("a", bucket="small-a")')


def test_default_tags_of_a_stack(project: SmallProject) -> None:
    with pytest.raises(
        ProvisioningError,
        match=r"^Pulumi\.local\.yaml: aws:defaultTags has no effect on the embedded AWS: tag the",
    ):
        project.apply("", "config: {aws:defaultTags: {tags: {a: b}}}")


def test_region_of_another_stack(project: SmallProject) -> None:
    with pytest.raises(
        ProvisioningError, match=r"^stack local is for eu-west-1, the endpoint is us-east-1$"
    ):
        project.apply("", "config: {aws:region: eu-west-1}")
