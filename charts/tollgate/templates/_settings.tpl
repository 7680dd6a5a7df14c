{{/* The settings file of the gateway. */}}

{{- define "tollgate.settings" -}}
{{- $delayByGateway := eq .Values.shutdown.delayBy "gateway" -}}
{{- $delay := int .Values.shutdown.delaySeconds -}}
{{- $grace := int .Values.shutdown.graceSeconds -}}
{{- $service := printf "%s-operators" (include "tollgate.fullname" .) -}}
{{- $hosts := list $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) -}}
{{- with dig "server" "admin_hosts" "" .Values.config -}}
{{- $hosts = append $hosts . -}}
{{- end -}}
{{- $chart := dict "server" (dict
      "admin_hosts" (join "," $hosts)
      "listen" (printf "%s:%d" .Values.listenAddress (int .Values.ports.callers))
      "admin_listen" (printf "%s:%d" .Values.listenAddress (int .Values.ports.operators))
      "shutdown_delay" (printf "%ds" (ternary $delay 0 $delayByGateway))
      "shutdown_grace" (printf "%ds" (ternary (add $delay $grace) $grace $delayByGateway))) -}}
{{- if eq .Values.store.kind "embedded" -}}
{{- $_ := set $chart "store" (dict "url" "embedded:/var/lib/tollgate") -}}
{{- end -}}
{{- if .Values.export.enabled -}}
{{- $_ := set $chart "ledger" (dict "export_dir" "/var/lib/tollgate-export") -}}
{{- end -}}
{{- include "tollgate.toml" (mergeOverwrite (deepCopy .Values.config) $chart) -}}
{{- end -}}

{{/*
A dictionary as TOML: single settings first, then a table for each section. Helm's own toToml writes
whole numbers as floats (`10000.0`), which the gateway refuses.
*/}}
{{- define "tollgate.toml" -}}
{{- range $name, $value := . }}
{{- if not (kindIs "map" $value) }}
{{ include "tollgate.toml.key" $name }} = {{ include "tollgate.toml.value" $value }}
{{- end }}
{{- end }}
{{- range $section, $settings := . }}
{{- if kindIs "map" $settings }}

[{{ include "tollgate.toml.key" $section }}]
{{- range $name, $value := $settings }}
{{ include "tollgate.toml.key" $name }} = {{ include "tollgate.toml.value" $value }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "tollgate.toml.key" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . -}}{{ . }}{{- else -}}{{ toRawJson . }}{{- end -}}
{{- end -}}

{{- define "tollgate.toml.value" -}}
{{- if kindIs "map" . -}}
{{- $pairs := list -}}
{{- range $name, $value := . -}}
{{- $pairs = append $pairs (printf "%s = %s" (include "tollgate.toml.key" $name) (include "tollgate.toml.value" $value)) -}}
{{- end -}}
{ {{ join ", " $pairs }} }
{{- else if kindIs "slice" . -}}
{{- $items := list -}}
{{- range . -}}{{- $items = append $items (include "tollgate.toml.value" .) -}}{{- end -}}
[{{ join ", " $items }}]
{{- else if kindIs "string" . -}}
{{ toRawJson . }}
{{- else if kindIs "bool" . -}}
{{ . }}
{{- else if eq (float64 .) (floor .) -}}
{{ int64 . }}
{{- else -}}
{{ . }}
{{- end -}}
{{- end -}}
