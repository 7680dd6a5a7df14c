"""The gateway takes the settings that the chart gives it."""

import re
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path

import yaml

import documents
import helm
from helm import merged, nested, one

TOLLGATE = None


def settings(values):
    """The rendered settings file."""
    return one(helm.objects(values), "ConfigMap")["data"]["tollgate.toml"]


def check(values):
    """Runs `tollgate check` on what the pod would run the gateway with."""
    found = helm.objects(values)
    container = one(found, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    secret = existing_secret()
    for item in found:
        secret.update(item.get("stringData", {}))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "tollgate.toml").write_text(settings(values))
        for file, value in secret.items():
            (folder / file).write_text(value)
        environment = {}
        for variable in container["env"]:
            source = variable.get("valueFrom")
            value = secret[source["secretKeyRef"]["key"]] if source else variable["value"]
            environment[variable["name"]] = value.replace("/run/secrets/tollgate", str(folder))
        command = [TOLLGATE, "check", "--config", folder / "tollgate.toml"]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        # The folder is another one each time.
        ran.stdout = ran.stdout.replace(str(folder), "/run/secrets/tollgate")
        return ran


def existing_secret():
    """A Secret with the keys that the chart expects of an existing one."""
    keys = helm._chart.values["secrets"]["existingSecretKeys"].values()
    secret = {key: "a-long-secret-value" for key in keys}
    secret["store-url"] = "redis://redis.example:6379"
    secret["security-secret"] = "0123456789abcdef" * 4
    return secret


def in_force(ran):
    """What `check` printed, without the remarks."""
    return tomllib.loads(ran.stdout)


class Settings(unittest.TestCase):
    def test_the_gateway_takes_every_set_of_values(self):
        for case in ("minimal", "embedded", "existing", "full"):
            with self.subTest(case=case):
                ran = check(helm.value_file(case))
                self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_the_gateway_takes_the_default_of_every_setting(self):
        config = {}
        for section, name, default, _ in documents.settings():
            if default is not None and f"{section}.{name}" not in documents.SET_BY_CHART:
                config.setdefault(section, {})[name] = default
        self.assertGreater(len(config["server"]), 10)
        minimal = helm.value_file("minimal")
        ran = check(merged(minimal, {"config": config}))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(in_force(ran), in_force(check(minimal)))

    def test_a_wrong_setting_is_refused(self):
        ran = check(merged(helm.value_file("minimal"), nested("config.vendor.on_no_answer", "never")))
        self.assertEqual(ran.returncode, 2)
        self.assertIn("on_no_answer", ran.stderr)

    def test_values_arrive_as_they_are_written(self):
        written = settings(helm.value_file("full"))
        read = tomllib.loads(written)
        self.assertEqual(read["server"]["leads_max"], 100000)
        self.assertEqual(read["vendor"]["requests_per_minute"], 1000000)
        self.assertEqual(read["prices"], {"person_found": 0.5, "email_revealed": 2})
        routes = helm.value_file("full")["config"]["routes"]
        self.assertEqual(read["routes"], routes)
        self.assertNotRegex(written, re.compile("vendor-key|a-long-admin-token|p%40ss"))

    def test_the_examples_of_values_on_the_pages_can_be_used(self):
        for page in (documents.ROOT / "docs/deploy.md", documents.CHART / "README.md"):
            examples = re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.M | re.S)
            self.assertTrue(examples)
            for example in examples:
                with self.subTest(page=page.name):
                    values = merged(helm.value_file("minimal"), yaml.safe_load(example))
                    ran = check(values)
                    self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_the_examples_of_settings_on_the_page_of_deployment_can_be_used(self):
        page = (documents.ROOT / "docs/deploy.md").read_text()
        (example,) = re.findall(r"^```toml\n(.*?)^```", page, re.M | re.S)
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(example)
            file.flush()
            command = [TOLLGATE, "check", "--config", file.name, "--set", "vendor.api_key=vendor-key"]
            ran = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
            self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_the_shutdown_agrees_with_the_pod(self):
        for by in ("hook", "gateway"):
            with self.subTest(by=by):
                values = merged(helm.value_file("minimal"), nested("shutdown.delayBy", by))
                pod = one(helm.objects(values), "Deployment")["spec"]["template"]["spec"]
                hook = pod["containers"][0].get("lifecycle", {}).get("preStop", {})
                server = tomllib.loads(settings(values))["server"]
                slept = hook.get("sleep", {}).get("seconds", 0)
                delay, grace = seconds(server["shutdown_delay"]), seconds(server["shutdown_grace"])
                self.assertEqual(slept + delay, 5)
                self.assertEqual(grace - delay, 25)
                self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], slept + grace + 5)


def seconds(duration):
    return int(duration.removesuffix("s"))
