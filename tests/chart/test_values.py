"""Values: documented, checked, and each of them does something."""

import functools
import json
import unittest

import yaml

import documents
import helm
from documents import CHART, leaves, value_at
from helm import merged, nested

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())

BASE = merged(
    helm.value_file("minimal"),
    {
        "secrets": {"adminToken": "a-long-admin-token"},
        "ingress": {"hosts": ["tollgate.example"]},
        "httpRoute": {"parentRefs": [{"name": "internal"}]},
    },
)
EMBEDDED = {"replicas": 1, "store": {"kind": "embedded", "url": ""}}
# What has to be so for a value to matter, where more than its own `enabled` has to.
CONTEXTS = {
    "store.persistence": EMBEDDED,
    "secrets.existingSecret": {
        "store": {"url": ""},
        "secrets": {
            "existingSecret": "tollgate-secrets",
            "vendorApiKey": "",
            "securitySecret": "",
            "adminToken": "",
        },
    },
}
# What has to change with a value.
ALONG = {"store.kind": EMBEDDED}
# Values that no template reads.
UNUSED = {"global"}


def examples(node, default):
    """Values other than the default."""
    if "examples" in node:
        return node["examples"]
    if "enum" in node:
        return [value for value in node["enum"] if value != default][:1]
    if node["type"] == "boolean":
        return [not default]
    if node["type"] in ("integer", "number"):
        return [(default or 0) + 1]
    raise AssertionError("say an example in the schema")


def context(path):
    """The values under which a value matters."""
    values = BASE
    names = path.split(".")
    for depth in range(1, len(names)):
        above = ".".join(names[:depth])
        if isinstance(value_at(DEFAULTS, above), dict) and "enabled" in value_at(DEFAULTS, above):
            values = merged(values, nested(f"{above}.enabled", True))
    for start, change in CONTEXTS.items():
        if path == start or path.startswith(f"{start}.") or path.startswith(f"{start}K"):
            values = merged(values, change)
    return values


@functools.cache
def rendered(values):
    """What is rendered for values as JSON: most values have a context in common with others."""
    return helm.files(json.loads(values))


class Values(unittest.TestCase):
    def test_every_value_changes_what_is_rendered(self):
        tried = 0
        for path, node in leaves(SCHEMA["properties"], SCHEMA):
            if path in UNUSED:
                continue
            values = context(path)
            before = rendered(json.dumps(values))
            for example in examples(node, value_at(merged(DEFAULTS, values), path)):
                with self.subTest(value=path, example=example):
                    change = merged(ALONG.get(path, {}), nested(path, example))
                    after = helm.files(merged(values, change))
                    self.assertFalse(before == after, "nothing changed")
                    tried += 1
        self.assertGreater(tried, 250)

    def test_a_value_without_effect_is_noticed(self):
        before = helm.files(BASE)
        self.assertEqual(before, helm.files(merged(BASE, {"global": {"unused": 1}})))

    def test_the_schema_and_values_yaml_have_the_same_values(self):
        in_schema = {path for path, _ in leaves(SCHEMA["properties"], SCHEMA)}
        in_schema = {path for path in in_schema if not path.startswith("config.")} | {"config"}
        described = documents.comments((CHART / "values.yaml").read_text())
        for path in in_schema:
            with self.subTest(value=path):
                above, _, name = path.rpartition(".")
                self.assertIn(name, value_at(DEFAULTS, above) if above else DEFAULTS)
                if not path.startswith("prometheusRule.alerts."):
                    self.assertTrue(described[path], "has no comment")

    def test_unknown_values_are_refused_at_every_depth(self):
        def objects(node, path):
            node = documents.resolved(node, SCHEMA)
            if "properties" in node:
                yield path
                for name, below in node["properties"].items():
                    yield from objects(below, f"{path}.{name}".lstrip("."))

        found = list(objects({"properties": SCHEMA["properties"]}, ""))
        self.assertGreater(len(found), 40)
        for path in found:
            with self.subTest(object=path):
                values = merged(BASE, nested(f"{path}.unknownValue".lstrip("."), 1))
                self.assertIn("unknownValue", helm.refusal(values) or "")

    def test_what_is_generated_is_up_to_date(self):
        for path, text in documents.generated().items():
            with self.subTest(file=path.name):
                self.assertEqual(path.read_text(), text, "run tests/chart/generate")

    def test_settings_of_every_form_become_values(self):
        schema = documents.config_schema(
            """
# Teams.
#[[teams]]
#name = "Sales"
#[[teams.quotas]]
#limit = 5

[alerts]
# Where to.
#webhook_url = ""
# What it is signed with (secret).
#webhook_secret = ""
# In percent.
thresholds = [50, 80]

[[admin.tokens]]
name = "ops"
"""
        )["properties"]
        self.assertEqual(set(schema), {"teams", "alerts", "admin"})
        self.assertEqual(schema["teams"]["type"], "array")
        self.assertEqual(set(schema["admin"]["properties"]), {"tokens"})
        alerts = schema["alerts"]["properties"]
        self.assertEqual(set(alerts), {"webhook_url", "webhook_secret_file", "thresholds"})
        self.assertEqual(alerts["thresholds"]["type"], "array")

    def test_the_version_is_that_of_the_gateway(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        manifest = (documents.ROOT / "Cargo.toml").read_text()
        self.assertIn(f'\nversion = "{chart["appVersion"]}"\n', manifest)
        self.assertEqual(chart["version"], chart["appVersion"])


class Refusals(unittest.TestCase):
    """Values that cannot work together, and how each is refused."""

    CASES = [
        ("store.kind: an embedded store serves one replica", EMBEDDED | {"replicas": 2}),
        ("store.kind: an embedded store serves one replica", EMBEDDED | {"autoscaling": {"enabled": True}}),
        ("store.url: is for a Redis", EMBEDDED | {"store": {"kind": "embedded"}}),
        ("store.url: is missing", nested("store.url", "")),
        ("/store/url", nested("store.url", "memory:")),
        ("/store/url", nested("store.url", "embedded:data")),
        ("secrets.vendorApiKey: is missing", nested("secrets.vendorApiKey", "")),
        ("secrets.securitySecret: is missing", nested("secrets.securitySecret", "")),
        ("/secrets/securitySecret", nested("secrets.securitySecret", "short")),
        ("/secrets/adminToken", nested("secrets.adminToken", "short")),
        ("terminationGracePeriodSeconds: 30 is too short", nested("terminationGracePeriodSeconds", 30)),
        ("terminationGracePeriodSeconds: 40 is too short", nested("shutdown.graceSeconds", 31)),
        ("ports: callers and operators need different ports", nested("ports.operators", 8080)),
        ("export.accessModes: several replicas need", {"export": {"enabled": True, "accessModes": ["ReadWriteOnce"]}}),
        ("autoscaling.minReplicas: is above", {"autoscaling": {"enabled": True, "minReplicas": 9}}),
        ("autoscaling: has no metric", {"autoscaling": {"enabled": True, "targetCPUUtilizationPercentage": 0}}),
        ("ingress.hosts: is empty", {"ingress": {"enabled": True, "hosts": []}}),
        ("httpRoute.parentRefs: is empty", {"httpRoute": {"enabled": True, "parentRefs": []}}),
        ("/config/server", nested("config.server.listen", "0.0.0.0:1")),
        ("/config/vendor/timeout", nested("config.vendor.timeout", "30 seconds")),
        ("/prometheusRule/alerts", nested("prometheusRule.alerts.TollgateUnknown", {})),
    ]

    def test_what_cannot_work_is_refused_with_its_place(self):
        self.assertIsNone(helm.refusal(BASE))
        for message, change in self.CASES:
            with self.subTest(change=change):
                self.assertIn(message, helm.refusal(merged(BASE, change)) or "was not refused")
