"""CloudWatch log groups."""

from __future__ import annotations

from embedded_aws.provider.aws.tags import tag_changes, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing
from embedded_aws.provider.fields import TAGS, boolean, integer, output, physical_name, string
from embedded_aws.provider.resource import Handler, Values, completing
from embedded_aws.provider.schema import schema

# the periods that CloudWatch Logs accepts (PutRetentionPolicy); 0 keeps for ever
RETENTION_DAYS = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
    2922, 3288, 3653,
)  # fmt: skip


class LogGroup(Handler):
    schema = schema(
        "aws:cloudwatch/logGroup:LogGroup",
        "{name}",
        {
            "name": physical_name(r"[\w./#-]{1,512}"),
            "retentionInDays": integer(default=0, choices=RETENTION_DAYS),
            "kmsKeyId": string(),
            "logGroupClass": string(computed=True, create_only=True),
            "skipDestroy": boolean(default=False, write_only=True),
            **TAGS,
            "arn": output("arn:{partition}:logs:{region}:{account}:log-group:{name}"),
        },
        unsupported="deletionProtectionEnabled namePrefix",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        name: str = inputs["name"]
        options = {
            "kmsKeyId": inputs.get("kmsKeyId"),
            "logGroupClass": inputs.get("logGroupClass"),
            "tags": inputs.get("tags"),
        }
        aws("logs").create_log_group(
            logGroupName=name, **{key: value for key, value in options.items() if value}
        )
        with completing(name):
            self._retain(aws, name, inputs)
        return name

    def read(self, aws: Clients, id: str) -> Values | None:
        logs = aws("logs")
        found = logs.describe_log_groups(logGroupNamePrefix=id)["logGroups"]
        group = next((entry for entry in found if entry["logGroupName"] == id), None)
        if group is None:
            return None
        arn = group["arn"].removesuffix(":*")
        tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
        return {
            "name": id,
            "retentionInDays": group.get("retentionInDays", 0),
            "kmsKeyId": group.get("kmsKeyId"),
            "logGroupClass": group.get("logGroupClass"),
            **tag_values(tags),
            "arn": arn,
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        logs = aws("logs")
        self._retain(aws, id, new)
        key = new.get("kmsKeyId")
        if key and key != old.get("kmsKeyId"):
            logs.associate_kms_key(logGroupName=id, kmsKeyId=key)
        elif not key and old.get("kmsKeyId"):
            logs.disassociate_kms_key(logGroupName=id)
        removed, changed = tag_changes(old, new)
        if removed:
            logs.untag_resource(resourceArn=old["arn"], tagKeys=removed)
        if changed:
            logs.tag_resource(resourceArn=old["arn"], tags=changed)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        if not inputs.get("skipDestroy"):
            ignore_missing(lambda: aws("logs").delete_log_group(logGroupName=id))

    def _retain(self, aws: Clients, name: str, inputs: Values) -> None:
        days = inputs["retentionInDays"]
        if days:
            aws("logs").put_retention_policy(logGroupName=name, retentionInDays=days)
        else:
            ignore_missing(lambda: aws("logs").delete_retention_policy(logGroupName=name))
