{{/*
Where each secret comes from: a value is kept in the chart's own Secret and outweighs the existing
one. "tollgate.secrets" returns, as YAML, a list of {name, file, secret, key}.
*/}}

{{- define "tollgate.secrets" -}}
{{- $redis := eq .Values.store.kind "redis" -}}
{{- $given := dict
      "storeUrl" .Values.store.url
      "vendorApiKey" .Values.secrets.vendorApiKey
      "securitySecret" .Values.secrets.securitySecret
      "adminToken" .Values.secrets.adminToken -}}
{{- $keys := .Values.secrets.existingSecretKeys -}}
{{- $secrets := list -}}
{{- range $name, $file := include "tollgate.secretFiles" . | fromYaml -}}
{{- if and (eq $name "storeUrl") (not $redis) -}}
{{- else if index $given $name -}}
{{- $secrets = append $secrets (dict "name" $name "file" $file "secret" (include "tollgate.fullname" $) "key" $file "value" (index $given $name)) -}}
{{- else if and $.Values.secrets.existingSecret (index $keys $name) -}}
{{- $secrets = append $secrets (dict "name" $name "file" $file "secret" $.Values.secrets.existingSecret "key" (index $keys $name)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $secrets -}}
{{- end -}}

{{/* The keys of the chart's own Secret, which are the names of the mounted files. */}}
{{- define "tollgate.secretFiles" -}}
storeUrl: store-url
vendorApiKey: vendor-api-key
securitySecret: security-secret
adminToken: admin-token
{{- end -}}
