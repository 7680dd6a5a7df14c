"""The dashboards: complete panels, known metrics, declared variables. tests/dashboards runs them."""

import itertools
import json
import re
import unittest

import yaml

from documents import ROOT

FILES = sorted((ROOT / "config" / "grafana").glob("*.json"))
DASHBOARDS = {file.stem: json.loads(file.read_text()) for file in FILES}
# Those of the process, and those of Prometheus itself.
OTHER_METRICS = {"up", "ALERTS"}


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions(dashboard):
    return [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]


class Dashboards(unittest.TestCase):
    def test_their_addresses_are_fixed(self):
        uids = {name: dashboard["uid"] for name, dashboard in DASHBOARDS.items()}
        self.assertEqual(uids, {"oncall": "tollgate-oncall", "spend": "tollgate-spend"})

    def test_each_links_to_the_others(self):
        for dashboard in DASHBOARDS.values():
            (link,) = dashboard["links"]
            self.assertEqual(link["tags"], ["tollgate"])
            self.assertIn("tollgate", dashboard["tags"])

    def test_they_can_be_narrowed_to_a_data_source_a_job_and_an_instance(self):
        for dashboard in DASHBOARDS.values():
            names = [variable["name"] for variable in dashboard["templating"]["list"]]
            self.assertEqual(names[:3], ["datasource", "job", "instance"])
            used = set(re.findall(r"\$(\w+)", json.dumps(expressions(dashboard))))
            self.assertLessEqual(used - {"__rate_interval", "__range"}, set(names))
            for expression in expressions(dashboard):
                self.assertIn('job=~"$job"', expression)

    def test_each_panel_has_a_description_a_unit_and_the_chosen_data_source(self):
        for name, dashboard in DASHBOARDS.items():
            for panel in panels(dashboard):
                with self.subTest(dashboard=name, panel=panel["title"]):
                    self.assertTrue(panel["description"].endswith("."))
                    self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                    for source in (panel["datasource"], *(t["datasource"] for t in panel["targets"])):
                        self.assertEqual(source, {"type": "prometheus", "uid": "${datasource}"})

    def test_no_panel_covers_another(self):
        for dashboard in DASHBOARDS.values():
            ids = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(ids), len(set(ids)))
            places = [panel["gridPos"] for panel in dashboard["panels"]]
            for one, other in itertools.combinations(places, 2):
                apart = (
                    one["x"] + one["w"] <= other["x"]
                    or other["x"] + other["w"] <= one["x"]
                    or one["y"] + one["h"] <= other["y"]
                    or other["y"] + other["h"] <= one["y"]
                )
                self.assertTrue(apart, (one, other))
                self.assertLessEqual(one["x"] + one["w"], 24)

    def test_every_metric_is_documented_or_recorded(self):
        page = (ROOT / "docs" / "metrics.md").read_text()
        known = set(re.findall(r"`((?:tollgate|process)_\w+)`", page)) | OTHER_METRICS
        rules = yaml.safe_load((ROOT / "config" / "prometheus" / "recording.yaml").read_text())
        recorded = {rule["record"] for group in rules["groups"] for rule in group["rules"]}
        sources = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
        alerts = yaml.safe_load((ROOT / "config" / "prometheus" / "alerts.yaml").read_text())
        sources += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
        for dashboard in DASHBOARDS.values():
            sources += expressions(dashboard)
        for expression in sources:
            for metric in re.findall(r"\b(?:tollgate|process)[_:][\w:]+", expression):
                with self.subTest(metric=metric):
                    name = re.sub(r"_(bucket|count|sum)$", "", metric)
                    self.assertIn(name, known | recorded)
