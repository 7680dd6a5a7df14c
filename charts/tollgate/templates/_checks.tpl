{{/* Refuses values that cannot work together. */}}

{{- define "tollgate.checks" -}}
{{- $embedded := eq .Values.store.kind "embedded" -}}
{{- if and $embedded (or .Values.autoscaling.enabled (gt (int .Values.replicas) 1)) -}}
{{- fail "store.kind: an embedded store serves one replica; set replicas to 1 and autoscaling.enabled to false, or use a Redis" -}}
{{- end -}}
{{- if and $embedded .Values.store.url -}}
{{- fail "store.url: is for a Redis; an embedded store is always at store.persistence" -}}
{{- end -}}
{{- $names := list -}}
{{- range include "tollgate.secrets" . | fromYamlArray -}}{{- $names = append $names .name -}}{{- end -}}
{{- if not (has "vendorApiKey" $names) -}}
{{- fail "secrets.vendorApiKey: is missing; set it, or name a Secret that has it in secrets.existingSecret" -}}
{{- end -}}
{{- if not $embedded -}}
{{- if not (has "storeUrl" $names) -}}
{{- fail "store.url: is missing; set the URL of a Redis, or name a Secret that has it in secrets.existingSecret" -}}
{{- end -}}
{{- if not (has "securitySecret" $names) -}}
{{- fail "secrets.securitySecret: is missing; set the output of `openssl rand -hex 32`, or name a Secret that has it in secrets.existingSecret" -}}
{{- end -}}
{{- end -}}
{{- $least := add .Values.shutdown.delaySeconds .Values.shutdown.graceSeconds 5 -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) (int $least) -}}
{{- fail (printf "terminationGracePeriodSeconds: %d is too short; shutdown.delaySeconds, shutdown.graceSeconds and 5 s to end take %d" (int .Values.terminationGracePeriodSeconds) (int $least)) -}}
{{- end -}}
{{- if eq (int .Values.ports.callers) (int .Values.ports.operators) -}}
{{- fail "ports: callers and operators need different ports" -}}
{{- end -}}
{{- $shared := or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) -}}
{{- if and .Values.export.enabled $shared (not .Values.export.existingClaim) (not (has "ReadWriteMany" .Values.export.accessModes)) -}}
{{- fail "export.accessModes: several replicas need ReadWriteMany" -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail "autoscaling.minReplicas: is above autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and .enabled (not (or .targetCPUUtilizationPercentage .targetMemoryUtilizationPercentage .metrics)) -}}
{{- fail "autoscaling: has no metric; set targetCPUUtilizationPercentage, targetMemoryUtilizationPercentage or metrics" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts: is empty; name at least one host" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: is empty; name at least one Gateway" -}}
{{- end -}}
{{- end -}}
