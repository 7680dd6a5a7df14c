"""The rules: valid, tested, in the runbook, and the same in the chart as in config/."""

import re
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

import helm
from documents import CHART, ROOT
from environment import program
from helm import merged, nested, one

RULES = ROOT / "config" / "prometheus"
TESTS = ROOT / "tests" / "rules"
COMPARISON = re.compile(r"(?:[<>]=?|[!=]=) ([0-9.]+)")
PROMTOOL = program("promtool", "prometheus")


def groups_of_files():
    files = [RULES / "recording.yaml", RULES / "alerts.yaml"]
    return [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]


def alerts(groups):
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def rendered(change=None):
    values = merged(helm.value_file("minimal"), nested("prometheusRule.enabled", True), change or {})
    return one(helm.objects(values), "PrometheusRule")["spec"]["groups"]


def promtool(*arguments):
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False)


def check(groups):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(yaml.safe_dump({"groups": groups}))
        return promtool("check", "rules", file)


class Rules(unittest.TestCase):
    def test_the_chart_has_the_rules_and_dashboards_of_config(self):
        self.assertEqual(RULES.resolve(), CHART / "files" / "prometheus")
        self.assertEqual((ROOT / "config" / "grafana").resolve(), CHART / "files" / "grafana")
        self.assertEqual(rendered(), groups_of_files())

    def test_promtool_takes_the_rules(self):
        for groups in (groups_of_files(), rendered({"prometheusRule": {"interval": "30s"}})):
            ran = check(groups)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_promtool_takes_the_rules_with_every_threshold_changed(self):
        names = alerts(groups_of_files())
        change = {"alerts": {name: {"threshold": 0.125} for name in names}}
        groups = rendered({"prometheusRule": change})
        for name, rule in alerts(groups).items():
            with self.subTest(alert=name):
                self.assertEqual(set(COMPARISON.findall(rule["expr"])), {"0.125"})
        self.assertEqual(check(groups).returncode, 0)

    def test_each_alert_has_a_summary_a_description_a_severity_and_a_heading_in_the_runbook(self):
        runbook = (ROOT / "docs" / "runbook.md").read_text()
        headings = re.split(r"^## ", runbook, flags=re.M)[1:]
        pages = {page.split("\n", 1)[0]: page for page in headings}
        found = alerts(groups_of_files())
        for name, rule in found.items():
            with self.subTest(alert=name):
                self.assertTrue(name.startswith("Tollgate"))
                self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
                self.assertTrue(rule["annotations"]["summary"].endswith("."))
                self.assertTrue(rule["annotations"]["description"].endswith("."))
                url = f"docs/runbook.md#{name.lower()}"
                self.assertEqual(rule["annotations"]["runbook_url"], url)
                for part in ("Meaning", "Impact", "Diagnosis", "Mitigation"):
                    self.assertIn(f"\n**{part}.** ", pages[name])
        named = {heading for heading in pages if heading.startswith("Tollgate")}
        self.assertEqual(named, set(found))

    def test_an_alert_that_is_switched_off_is_gone(self):
        change = nested("prometheusRule.alerts.TollgateDown.enabled", False)
        self.assertNotIn("TollgateDown", alerts(rendered(change)))
        self.assertIn("TollgateStoreDown", alerts(rendered(change)))

    def test_the_severity_labels_and_runbook_of_an_alert_can_be_set(self):
        change = {
            "runbookUrl": "https://runbooks.example/tollgate",
            "alertLabels": {"team": "platform", "area": "money"},
            "alerts": {"TollgateDown": {"severity": "page", "labels": {"team": "on-call"}}},
        }
        rule = alerts(rendered({"prometheusRule": change}))["TollgateDown"]
        self.assertEqual(rule["labels"], {"severity": "page", "team": "on-call", "area": "money"})
        url = "https://runbooks.example/tollgate#tollgatedown"
        self.assertEqual(rule["annotations"]["runbook_url"], url)

    def test_gauges_that_mirror_the_store_are_never_summed(self):
        mirrored = r"tollgate_(credits_reserved|credits_unresolved|quota_\w+|batches|oldest_unsettled_seconds)"
        for group in groups_of_files():
            for rule in group["rules"]:
                if re.search(mirrored, rule["expr"]):
                    with self.subTest(rule=rule.get("record") or rule["alert"]):
                        self.assertRegex(rule["expr"], rf"^(max|min) by \([^)]*\) \({mirrored}\)$")

    def test_every_rule_passes_its_tests(self):
        files = sorted(TESTS.glob("*.yaml"))
        self.assertTrue(files)
        with ThreadPoolExecutor() as pool:
            for ran in pool.map(lambda file: promtool("test", "rules", file), files):
                self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_is_silent(self):
        fires, silent = set(), set()
        for file in TESTS.glob("*.yaml"):
            for test in yaml.safe_load(file.read_text())["tests"]:
                for case in test.get("promql_expr_test", []):
                    if match := re.fullmatch(r'ALERTS\{alertname="(\w+)",alertstate="firing"\}', case["expr"]):
                        (fires if case["exp_samples"] else silent).add(match[1])
        names = set(alerts(groups_of_files()))
        self.assertEqual(fires, names)
        self.assertEqual(silent, names)
