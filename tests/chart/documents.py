"""The generated parts of the chart: `config` in values.schema.json, and README.md."""

import json
import re
import tomllib

import yaml

from environment import ROOT

CHART = ROOT / "charts" / "tollgate"
SETTINGS = ROOT / "config" / "tollgate.toml"

# Settings that the chart sets by values of other names.
SET_BY_CHART = {
    "server.listen": "listenAddress, ports.callers",
    "server.admin_listen": "listenAddress, ports.operators",
    "server.shutdown_delay": "shutdown",
    "server.shutdown_grace": "shutdown",
    "vendor.api_key": "secrets.vendorApiKey",
    "store.url": "store",
    "ledger.export_dir": "export.enabled",
    "security.secret": "secrets.securitySecret",
    "admin.token": "secrets.adminToken",
}
# Sections whose keys are not fixed.
FREE_SECTIONS = {"routes"}
# The default of a list of tables.
TABLES = object()
# The alerts have a table of their own.
ALERTS = "prometheusRule.alerts"


def generated():
    """The text of each generated file."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    schema["properties"]["config"] = config_schema()
    return {
        CHART / "values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        CHART / "README.md": readme(schema),
    }


def settings(text=None):
    """Each setting with its section, name, default (None where it has none) and description.

    Of a list of tables (`[[teams]]`, `[[admin.tokens]]`, in a comment or not) the default is TABLES.
    Its section is None where it is one by itself, and what is below it is not looked at.
    """
    found = []
    section, comment = None, []
    for line in (text or SETTINGS.read_text()).splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section, comment = match[1], []
        elif match := re.fullmatch(r"#? ?\[\[(?:(\w+)\.)?(\w+)\]\]", line):
            if (None, match[1]) not in [(above, name) for above, name, *_ in found]:
                found.append((match[1], match[2], TABLES, " ".join(comment)))
            section, comment = TABLES, []
        elif match := re.fullmatch(r"#(\w+) = .*", line):
            found.append((section, match[1], None, " ".join(comment)))
            comment = []
        elif line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif match := re.match(r'("[^"]+"|\w+) = ', line):
            ((name, default),) = tomllib.loads(line).items()
            found.append((section, name, default, " ".join(comment)))
            comment = []
        else:
            comment = []
    return [setting for setting in found if setting[0] is not TABLES]


def config_schema(text=None):
    """The schema of the settings that may be given, section by section."""
    sections = {}
    for section, name, default, description in settings(text):
        if section in FREE_SECTIONS:
            sections[section] = {"type": "object", "examples": [{"/tasks/*": "refused"}]}
            continue
        if section is None:
            sections[name] = {**kind(section, name, default), "description": description}
            continue
        properties = sections.setdefault(
            section, {"type": "object", "additionalProperties": False, "properties": {}}
        )["properties"]
        if f"{section}.{name}" not in SET_BY_CHART:
            # Settings are in a ConfigMap, where no secret belongs.
            name = f"{name}_file" if "(secret)" in description else name
            properties[name] = kind(section, name, default)
            if description:
                properties[name]["description"] = description
    sections = {name: schema for name, schema in sections.items() if schema.get("properties", 1)}
    return {"type": "object", "additionalProperties": False, "properties": sections}


def kind(section, name, default):
    """The schema of a setting's value."""
    if default is TABLES:
        return {"type": "array", "items": {"type": "object"}, "examples": [[{"name": "other"}]]}
    if isinstance(default, list):
        return {"type": "array", "examples": [[*default, *default]]}
    if isinstance(default, bool):
        return {"type": "boolean", "examples": [not default]}
    if section == "prices" and isinstance(default, (int, float)) and not name.endswith("_max"):
        return {"type": "number", "minimum": 0, "examples": [2.5]}
    if isinstance(default, int):
        return {"type": "integer", "minimum": 0, "examples": [default + 1]}
    if re.fullmatch(r"\d+(ms|s|m|h|d)", default or ""):
        return {"$ref": "#/$defs/duration"}
    if re.fullmatch(r"\d+(B|KiB|MiB|GiB)", default or ""):
        return {"$ref": "#/$defs/size"}
    return {"type": "string", "examples": ["other"]}


def readme(schema):
    """README.md: how to install the chart, and its values."""
    values = (CHART / "values.yaml").read_text()
    defaults = yaml.safe_load(values)
    descriptions = comments(values)
    rows = ["| value | type | default | meaning |", "|---|---|---|---|"]
    for path, node in leaves(schema["properties"], schema):
        if path.startswith(ALERTS) or path.startswith("config."):
            continue
        default = value_at(defaults, path)
        rows.append(
            f"| `{path}` | {type_name(node)} | `{json.dumps(default, ensure_ascii=False)}` |"
            f" {descriptions[path]} |"
        )
    rows.append(f"| `config` | object | `{{}}` | {descriptions['config']} |")
    rows.append(f"| `{ALERTS}.*` | object | below | {descriptions[ALERTS]} |")
    rows[2:] = sorted(rows[2:], key=lambda row: order(list(defaults), row))
    alerts = ["| alert | threshold | for | severity |", "|---|---|---|---|"]
    for name, alert in value_at(defaults, ALERTS).items():
        alerts.append(f"| `{name}` | {alert['threshold']} | {alert['for']} | {alert['severity']} |")
    owned = ["| setting | value of the chart |", "|---|---|"]
    owned += [f"| `{setting}` | `{value}` |" for setting, value in SET_BY_CHART.items()]
    template = (ROOT / "tests" / "chart" / "README.template.md").read_text()
    for mark, table in {"VALUES": rows, "ALERTS": alerts, "OWNED": owned}.items():
        template = template.replace(f"<!-- {mark} -->", "\n".join(table))
    return template


def order(sections, row):
    return sections.index(re.match(r"\| `(\w+)", row)[1])


def comments(text):
    """The comment above each key, by the key's path."""
    found, path, comment = {}, [], []
    for line in text.splitlines():
        if match := re.fullmatch(r"\s*# ?(.*)", line):
            comment.append(match[1])
        elif match := re.match(r"( *)([\w-]+):", line):
            path = path[: len(match[1]) // 2] + [match[2]]
            found[".".join(path)] = " ".join(comment)
            comment = []
        else:
            comment = []
    return found


def leaves(properties, schema, above=""):
    """Each value that has no values of its own below it: its path and its schema."""
    for name, node in properties.items():
        path = f"{above}{name}"
        node = resolved(node, schema)
        if "properties" in node:
            yield from leaves(node["properties"], schema, f"{path}.")
        else:
            yield path, node


def resolved(node, schema):
    """A node with what it refers to; its own fields outweigh that."""
    if "$ref" not in node:
        return node
    name = node["$ref"].removeprefix("#/$defs/")
    return {**schema["$defs"][name], **node}


def value_at(values, path):
    """The value at a path, None where there is none."""
    for name in path.split("."):
        values = (values or {}).get(name)
    return values


def type_name(node):
    types = node.get("type") or "enum"
    if types == "enum":
        return " or ".join(f"`{value}`" for value in node["enum"] if value)
    return types if isinstance(types, str) else " or ".join(types)
