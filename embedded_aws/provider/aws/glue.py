"""The Glue data catalog: databases and tables. Partitions belong to who writes them."""

from __future__ import annotations

from typing import Any, ClassVar

from embedded_aws.provider.aws.tags import tag_changes, tag_values
from embedded_aws.provider.clients import Clients, ignore_missing, or_none
from embedded_aws.provider.fields import (
    TAGS,
    Fields,
    block,
    blocks,
    from_boto,
    output,
    physical_name,
    string,
    string_map,
    to_boto,
)
from embedded_aws.provider.resource import Handler, Values
from embedded_aws.provider.schema import schema

# Glue keeps names in lower case, whatever it is given.
NAME = r"[a-z0-9_]{1,255}"
COLUMNS = blocks({"name": string(required=True), "type": string(), "comment": string()})


class CatalogDatabase(Handler):
    schema = schema(
        "aws:glue/catalogDatabase:CatalogDatabase",
        "{account}:{name}",
        {
            "name": physical_name(NAME),
            "description": string(),
            **TAGS,
            "arn": output("arn:{partition}:glue:{region}:{account}:database/{name}"),
        },
        unsupported="""catalogId createTableDefaultPermissions federatedDatabase locationUri
            parameters targetDatabase""",
    )

    def create(self, aws: Clients, inputs: Values) -> str:
        aws("glue").create_database(
            DatabaseInput={"Name": inputs["name"], "Description": inputs.get("description", "")},
            Tags=inputs.get("tags", {}),
        )
        return f"{aws.place.account}:{inputs['name']}"

    def read(self, aws: Clients, id: str) -> Values | None:
        glue, name = aws("glue"), id.rpartition(":")[2]
        found = or_none(lambda: glue.get_database(Name=name))
        if found is None:
            return None
        arn = self._arn(aws, name)
        return {
            "name": name,
            "description": found["Database"].get("Description"),
            **tag_values(glue.get_tags(ResourceArn=arn)["Tags"]),
            "arn": arn,
        }

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        glue, name = aws("glue"), new["name"]
        described = {"Name": name, "Description": new.get("description", "")}
        glue.update_database(Name=name, DatabaseInput=described)
        removed, changed = tag_changes(old, new)
        if removed:
            glue.untag_resource(ResourceArn=self._arn(aws, name), TagsToRemove=removed)
        if changed:
            glue.tag_resource(ResourceArn=self._arn(aws, name), TagsToAdd=changed)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("glue").delete_database(Name=id.rpartition(":")[2]))

    def _arn(self, aws: Clients, name: str) -> str:
        return self.schema.render(self.schema.fields["arn"].example, {"name": name}, aws.place)


class CatalogTable(Handler):
    settings: ClassVar[Fields] = {
        "description": string(),
        "tableType": string(computed=True),
        "parameters": string_map(),
        "partitionKeys": COLUMNS,
        "storageDescriptor": block(
            {
                "location": string(),
                "inputFormat": string(),
                "outputFormat": string(),
                "serDeInfo": block(
                    {"serializationLibrary": string(), "parameters": string_map()},
                    boto="SerdeInfo",
                ),
                "columns": COLUMNS,
            }
        ),
    }
    schema = schema(
        "aws:glue/catalogTable:CatalogTable",
        "{account}:{databaseName}:{name}",
        {
            "name": physical_name(NAME),
            "databaseName": string(required=True, create_only=True),
            **settings,
            "arn": output("arn:{partition}:glue:{region}:{account}:table/{databaseName}/{name}"),
        },
        unsupported="""catalogId openTableFormatInput owner partitionIndices retention targetTable
            viewDefinition viewExpandedText viewOriginalText""",
    )
    # What an update that leaves them out clears.
    empty: ClassVar[dict[str, Any]] = {
        "Description": "",
        "Parameters": {},
        "PartitionKeys": [],
        "StorageDescriptor": {},
    }

    def create(self, aws: Clients, inputs: Values) -> str:
        database, name = inputs["databaseName"], inputs["name"]
        described = {"Name": name, **to_boto(self.settings, inputs)}
        aws("glue").create_table(DatabaseName=database, TableInput=described)
        return f"{aws.place.account}:{database}:{name}"

    def read(self, aws: Clients, id: str) -> Values | None:
        place = self._place(id)
        found = or_none(lambda: aws("glue").get_table(**place))
        if found is None:
            return None
        names = {"databaseName": place["DatabaseName"], "name": place["Name"]}
        arn = self.schema.render(self.schema.fields["arn"].example, names, aws.place)
        return {**names, **from_boto(self.settings, found["Table"]), "arn": arn}

    def update(self, aws: Clients, id: str, old: Values, new: Values) -> None:
        described = {"Name": new["name"], **self.empty, **to_boto(self.settings, new)}
        aws("glue").update_table(DatabaseName=new["databaseName"], TableInput=described)

    def delete(self, aws: Clients, id: str, inputs: Values) -> None:
        ignore_missing(lambda: aws("glue").delete_table(**self._place(id)))

    def _place(self, id: str) -> dict[str, str]:
        _, database, name = id.rsplit(":", 2)
        return {"DatabaseName": database, "Name": name}
