{{/* A probe of `probe`, which asks `path` unless it names a handler of its own. */}}

{{- define "tollgate.probe" -}}
{{- $handled := false -}}
{{- range list "httpGet" "exec" "tcpSocket" "grpc" -}}
{{- if hasKey $.probe . -}}{{- $handled = true -}}{{- end -}}
{{- end -}}
{{- if not $handled -}}
httpGet:
  path: {{ .path }}
  port: operators
{{ end -}}
{{- toYaml .probe -}}
{{- end -}}
