"""The objects are what Kubernetes takes, for several sets of values."""

import unittest

import kubernetes_validate

import helm
from documents import CHART
from helm import KUBERNETES, merged, nested, one

CASES = ("minimal", "embedded", "existing", "full")
# The schemas of Kubernetes do not have these; their fields are checked here.
CUSTOM = {
    "HTTPRoute": {"parentRefs", "hostnames", "rules"},
    "ServiceMonitor": {"jobLabel", "namespaceSelector", "selector", "endpoints"},
    "PrometheusRule": {"groups"},
}
ALWAYS = {"ConfigMap", "Deployment", "Service", "ServiceAccount", "PodDisruptionBudget", "Pod"}


class Objects(unittest.TestCase):
    def test_helm_lint_finds_nothing(self):
        for case in CASES:
            for version in KUBERNETES:
                with self.subTest(case=case, kubernetes=version):
                    self.assertEqual(helm.lint(helm.value_file(case), version), [])

    def test_kubernetes_takes_every_object(self):
        for case in CASES:
            for version in KUBERNETES:
                values = helm.value_file(case)
                if version == "1.27.0":
                    values = merged(values, nested("shutdown.delayBy", "gateway"))
                for item in helm.objects(values, version):
                    with self.subTest(case=case, kubernetes=version, kind=item["kind"]):
                        self.take(item, version)

    def take(self, item, version):
        if item["kind"] in CUSTOM:
            self.assertEqual(set(item), {"apiVersion", "kind", "metadata", "spec"})
            self.assertLessEqual(set(item["spec"]), CUSTOM[item["kind"]])
        else:
            kubernetes_validate.validate(item, version, strict=True)

    def test_the_schemas_refuse_a_field_that_kubernetes_does_not_have(self):
        item = one(helm.objects(helm.value_file("minimal")), "Deployment")
        item["spec"]["minReplica"] = 1
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(item, KUBERNETES[-1], strict=True)

    def test_clusters_before_the_native_sleep_need_the_other_way_to_wait(self):
        item = one(helm.objects(helm.value_file("minimal")), "Deployment")
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(item, "1.28.0", strict=True)
        kubernetes_validate.validate(item, "1.30.0", strict=True)

    def test_the_smallest_set_of_values_makes_no_object_of_an_add_on(self):
        kinds = {item["kind"] for item in helm.objects(helm.value_file("minimal"))}
        self.assertEqual(kinds, ALWAYS | {"Secret"})

    def test_no_secret_is_made_where_one_exists(self):
        kinds = {item["kind"] for item in helm.objects(helm.value_file("existing"))}
        self.assertEqual(kinds, ALWAYS)

    def test_the_full_set_of_values_makes_every_object(self):
        kinds = {item["kind"] for item in helm.objects(helm.value_file("full"))}
        self.assertLessEqual(
            ALWAYS
            | set(CUSTOM)
            | {"HorizontalPodAutoscaler", "Ingress", "NetworkPolicy", "PersistentVolumeClaim", "Secret"},
            kinds,
        )

    def test_names_of_objects_are_unique_in_their_kind(self):
        found = helm.objects(helm.value_file("full"))
        names = [(item["kind"], item["metadata"]["name"]) for item in found]
        self.assertEqual(len(names), len(set(names)))

    def test_a_pod_has_no_privilege(self):
        for kind in ("Deployment", "Pod"):
            name = "tollgate" if kind == "Deployment" else "tollgate-test"
            spec = one(helm.objects(helm.value_file("minimal")), kind, name)["spec"]
            spec = spec.get("template", {}).get("spec", spec)
            self.assertIs(spec["automountServiceAccountToken"], False)
            self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
            self.assertEqual(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
            for container in spec["containers"]:
                context = container["securityContext"]
                self.assertIs(context["readOnlyRootFilesystem"], True)
                self.assertIs(context["allowPrivilegeEscalation"], False)
                self.assertEqual(context["capabilities"], {"drop": ["ALL"]})

    def test_liveness_asks_the_process_and_readiness_the_store(self):
        container = self.container("minimal")
        self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/livez")
        self.assertEqual(container["startupProbe"]["httpGet"]["path"], "/livez")
        self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/readyz")

    def test_a_probe_with_a_handler_of_its_own_keeps_it(self):
        container = self.container("existing")
        self.assertNotIn("httpGet", container["livenessProbe"])
        self.assertNotIn("startupProbe", container)

    def test_a_rollout_takes_no_replica_away_before_another_is_ready(self):
        strategy = one(helm.objects(helm.value_file("minimal")), "Deployment")["spec"]["strategy"]
        self.assertEqual(strategy["rollingUpdate"], {"maxUnavailable": 0, "maxSurge": 1})
        strategy = one(helm.objects(helm.value_file("embedded")), "Deployment")["spec"]["strategy"]
        self.assertEqual(strategy, {"type": "Recreate"})

    def test_a_changed_setting_or_secret_replaces_the_pods(self):
        def annotations(*changes):
            values = merged(helm.value_file("minimal"), *changes)
            deployment = one(helm.objects(values), "Deployment")
            return deployment["spec"]["template"]["metadata"]["annotations"]

        before = annotations()
        self.assertNotEqual(before, annotations(nested("config.server.leads_max", 5)))
        self.assertNotEqual(before, annotations(nested("secrets.vendorApiKey", "another")))
        self.assertEqual(before, annotations(nested("replicas", 3)))

    def test_capabilities_of_the_cluster_change_nothing(self):
        for template in (CHART / "templates").rglob("*.*"):
            self.assertNotIn(".Capabilities", template.read_text())
        values = helm.value_file("full")
        texts = [helm.files(values, version) for version in KUBERNETES]
        self.assertEqual(texts[0], texts[1])
        self.assertEqual(texts[0], texts[2])

    def container(self, case):
        deployment = one(helm.objects(helm.value_file(case)), "Deployment")
        return deployment["spec"]["template"]["spec"]["containers"][0]
