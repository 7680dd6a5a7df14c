"""The chart as a real Helm (its Go SDK) renders it."""

import copy
import json
from pathlib import Path

import helm_python
import yaml
from helm_python import _native

from documents import CHART

VALUES = Path(__file__).with_name("values")
# The oldest that the chart allows, one in between, and the newest that there are schemas for.
KUBERNETES = ("1.27.0", "1.32.0", "1.37.0")

_chart = helm_python.Chart.load(CHART)


def value_file(name):
    return yaml.safe_load((VALUES / f"{name}.yaml").read_text())


def lint(values, kubernetes):
    """What `helm lint --strict` has to say."""
    report = helm_python.lint(CHART, values, strict=True, kube_version=f"v{kubernetes}")
    said = [message for message in report["messages"] if message["severity"] > 1]
    return said + report["errors"]


def files(values, kubernetes=KUBERNETES[-1]):
    """Each template's text, as `helm template tollgate --namespace gateways` renders it."""
    # The public `render` takes no version of Kubernetes; what it calls does.
    options = {"name": "tollgate", "namespace": "gateways", "is_install": True}
    rendered = _native.call_string(
        "helm_render",
        _chart._raw(),
        json.dumps(values),
        json.dumps({**options, "kube_version": kubernetes}),
    )
    return json.loads(rendered)


def objects(values, kubernetes=KUBERNETES[-1]):
    """Every object."""
    found = []
    for path, text in files(values, kubernetes).items():
        if path.endswith(".yaml"):
            found += [item for item in yaml.safe_load_all(text) if item]
    return found


def refusal(values):
    """Why the values are refused; None where they are not."""
    try:
        files(values)
    except helm_python.HelmError as error:
        return str(error)
    return None


def one(found, kind, name="tollgate"):
    """The object of a kind and name."""
    (match,) = [o for o in found if o["kind"] == kind and o["metadata"]["name"] == name]
    return match


def merged(base, *changes):
    """Values with others on top, as Helm merges them."""
    result = copy.deepcopy(base)
    for change in changes:
        for key, value in change.items():
            if isinstance(value, dict) and isinstance(result.get(key), dict):
                result[key] = merged(result[key], value)
            else:
                result[key] = copy.deepcopy(value)
    return result


def nested(path, value):
    """{"a": {"b": value}} for `a.b`."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value
