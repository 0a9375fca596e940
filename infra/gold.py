"""Gold: the dbt runner, the build workflow, what starts it and who is told."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pulumi_aws as aws

from infra.enrichment import Ground
from infra.functions import Code, CodeStore, Function, Layer
from infra.gold_costs import budget, warning
from infra.gold_docs import DocsSite
from infra.gold_monitoring import GoldMonitoring, Watched
from infra.gold_network import GoldNetwork
from infra.gold_redshift import RedshiftWarehouse
from infra.gold_runner import Surroundings, dbt_runner
from infra.gold_workflows import BUILD, Resources, bootstrap_gold, build_gold
from infra.metrics import Metrics
from infra.packages import Packages
from infra.policies import ServiceRole, Statement
from infra.schedules import SchedulePlan
from infra.tables import table
from infra.workflows import Workflow, WorkflowPlan

COMPONENT = "gold"
FALLBACK_INPUT = {"source": "schedule"}


class Gold(pulumi.ComponentResource):
    """The star schema's machinery: `runner`, `build`, `table` (its lock), `docs`, `topic`.

    `enriched` is the workflow whose success starts a build. `warehouse` is None on DuckDB: its
    file lies in the artifacts bucket, and the runner needs no network of its own.
    """

    def __init__(
        self,
        ground: Ground,
        packages: Packages,
        enriched: Workflow,
        metrics: Metrics,
        alarm_topic_arn: pulumi.Input[str],
    ) -> None:
        super().__init__("data-engineer-jobs:gold:Gold", "gold")
        self._ground = ground
        self._child = pulumi.ResourceOptions(parent=self)
        deployment, settings = ground.deployment, ground.settings
        if too_dear := warning(settings.gold):
            pulumi.log.warn(too_dear)
        self.table = table(deployment, settings, "gold-builds", ("pk",), COMPONENT, self._child)
        self.topic = self._topic()
        self.docs = DocsSite(deployment, settings, self._child)
        self.network: GoldNetwork | None = None
        self.warehouse: RedshiftWarehouse | None = None
        if settings.gold.engine == "redshift":
            budget(deployment, settings, self._child)
            self.network = GoldNetwork(deployment, settings.gold, self._child)
            self.warehouse = RedshiftWarehouse(
                deployment, settings, ground.lake, ground.catalog, self.network, self._child
            )
        self.run_results = self._results("gold-runs")
        self.test_results = self._results("gold-tests")
        self.runner = self._runner(packages)
        self.build = self._workflow(
            build_gold(Resources(deployment, settings, self.table, self.topic, self.runner))
        )
        self.bootstrap = (
            self._workflow(bootstrap_gold(deployment, self.warehouse)) if self.warehouse else None
        )
        self._start_after(enriched)
        ground.schedules.add(
            SchedulePlan(BUILD, settings.gold.schedule, self.build, FALLBACK_INPUT)
        )
        watched = Watched(self.runner.log_group, self.run_results.name, alarm_topic_arn)
        self.monitoring = GoldMonitoring(metrics, watched, self._child)
        self.register_outputs({"build": self.build.arn})

    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """What an operator needs of it, by the names of stack outputs."""
        return {
            "gold_builds_table": self.table.name,
            "gold_topic_arn": self.topic.arn,
            "gold_run_results_log_group": self.run_results.name,
            "gold_test_results_log_group": self.test_results.name,
            "docs_bucket": self.docs.bucket.name,
            "dbt_runner_function": self.runner.name,
            "dbt_runner_function_arn": self.runner.arn,
            "dbt_runner_log_group": self.runner.log_group,
            "build_gold_arn": self.build.arn,
            "build_gold_url": self.build.url,
            "build_gold_studio_url": self.build.studio_url,
            "build_gold_log_group": self.build.log_group,
            "gold_dashboard": self.monitoring.dashboard,
            **self._redshift_outputs(),
        }

    def _redshift_outputs(self) -> dict[str, pulumi.Input[str]]:
        if not (self.warehouse and self.bootstrap and self.docs.url):
            return {}
        return {
            "docs_url": self.docs.url,
            "redshift_workgroup": self.warehouse.workgroup_name,
            "redshift_host": self.warehouse.host,
            "bootstrap_gold_arn": self.bootstrap.arn,
            "bootstrap_gold_url": self.bootstrap.url,
            "bootstrap_gold_log_group": self.bootstrap.log_group,
        }

    def _workflow(self, plan: WorkflowPlan) -> Workflow:
        return Workflow(plan, self._ground.deployment, self._ground.logs, self._child)

    def _topic(self) -> aws.sns.Topic:
        deployment = self._ground.deployment
        topic = aws.sns.Topic(
            "gold-builds",
            name=deployment.name("gold-builds"),
            kms_master_key_id="alias/aws/sns",
            tags=deployment.tags(COMPONENT),
            opts=self._child,
        )
        for number, email in enumerate(self._ground.settings.gold.notification_emails, 1):
            aws.sns.TopicSubscription(
                f"gold-builds-email-{number}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=self._child,
            )
        return topic

    def _results(self, thing: str) -> aws.cloudwatch.LogGroup:
        deployment = self._ground.deployment
        days = self._ground.settings.gold.results_retention_days
        return replace(self._ground.logs, retention_days=days).group(
            thing, f"/dbt/{deployment.name(thing)}", deployment.tags(COMPONENT), self
        )

    def _runner(self, packages: Packages) -> Function:
        ground = self._ground
        plan = dbt_runner(
            Surroundings(
                ground.deployment,
                ground.settings,
                ground.lake,
                self.docs.bucket.name,
                self.docs.bucket.arn,
                self.run_results,
                self.test_results,
            ),
            self.network,
            self.warehouse,
        )
        store = CodeStore(ground.lake.artifacts.name, ground.deployment.tags(COMPONENT))
        layers = [
            Layer(name, ground.deployment, packages.layers[name], store)
            for name in packages.layers_of(plan.package)
        ]
        code = Code(packages.functions[plan.package], layers, store)
        return Function(plan, ground.deployment, code, ground.logs, self._child)

    def _start_after(self, enriched: Workflow) -> None:
        """A build for each success of a workflow; a build that finds nothing new ends at once."""
        deployment = self._ground.deployment
        tags = deployment.tags(COMPONENT)
        rule = aws.cloudwatch.EventRule(
            "gold-after-enrichment",
            name=deployment.name("gold-after-enrichment"),
            description="Enrichment ended well: Gold is built",
            event_pattern=pulumi.Output.json_dumps(
                {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {"status": ["SUCCEEDED"], "stateMachineArn": [enriched.arn]},
                }
            ),
            tags=tags,
            opts=self._child,
        )
        role = ServiceRole(
            "gold-after-enrichment",
            deployment,
            "events.amazonaws.com",
            [Statement("StartBuild", ["states:StartExecution"], [self.build.arn])],
            tags,
            opts=self._child,
        )
        aws.cloudwatch.EventTarget(
            "gold-after-enrichment",
            rule=rule.name,
            target_id=BUILD,
            arn=self.build.arn,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role.ready]),
        )
