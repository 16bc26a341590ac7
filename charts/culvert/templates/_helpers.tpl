{{/* The chart's name, or what nameOverride says. */}}
{{- define "culvert.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of the release's objects: at most 63 characters, since some are label values. */}}
{{- define "culvert.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "culvert.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a DaemonSet selects by: it can never change, so neither version nor commonLabels may be in it. */}}
{{- define "culvert.selectorLabels" -}}
app.kubernetes.io/name: {{ include "culvert.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "culvert.agentLabels" -}}
{{ include "culvert.selectorLabels" . }}
app.kubernetes.io/component: agent
{{- end }}

{{- define "culvert.ownLabels" -}}
{{ include "culvert.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: culvert
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The labels of an object: an operator's never replace ours, by which things find each other. */}}
{{- define "culvert.labels" -}}
{{- toYaml (merge (include "culvert.ownLabels" . | fromYaml) .Values.commonLabels) }}
{{- end }}

{{/* The annotations of an object: commonAnnotations and its own. Takes a list of the root and the object's. */}}
{{- define "culvert.annotations" -}}
{{- $all := merge (dict) (default (dict) (index . 1)) (index . 0).Values.commonAnnotations }}
{{- with $all -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "culvert.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "culvert.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "culvert.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{ .Values.image.repository }}:{{ $tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* culvert.yaml: what the values say, and nothing else. */}}
{{- define "culvert.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if not .Values.cni.install }}
{{- $_ := set $config "cniConfDir" "" }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* Of it, the settings that an agent reads only when it starts. */}}
{{- define "culvert.restartConfig" -}}
{{- $restart := dict }}
{{- $config := include "culvert.config" . | fromYaml }}
{{- range list "clusterCidrs" "vni" "port" "bridge" "tunnel" "interop" "runDir" "cniConfDir" "cniBinDir" "cniExecutable" "httpAddress" "httpPort" "kubeApiServer" }}
{{- if hasKey $config . }}
{{- $_ := set $restart . (index $config .) }}
{{- end }}
{{- end }}
{{- toYaml $restart }}
{{- end }}

{{- define "culvert.runDir" -}}
{{ default "/run/culvert" .Values.config.runDir }}
{{- end }}

{{- define "culvert.httpPort" -}}
{{ default 9473 .Values.config.httpPort | int64 }}
{{- end }}

{{/* Where the kubelet, which is on the node, asks the agent. */}}
{{- define "culvert.probeHost" -}}
{{- $address := default "127.0.0.1" .Values.config.httpAddress }}
{{- if has $address (list "0.0.0.0" "::") }}127.0.0.1{{ else }}{{ $address }}{{ end }}
{{- end }}

{{/* A probe's numbers, of the path and the numbers. */}}
{{- define "culvert.probe" -}}
httpGet:
  host: {{ include "culvert.probeHost" .root | quote }}
  port: {{ include "culvert.httpPort" .root }}
  path: {{ .path | quote }}
{{ toYaml .numbers }}
{{- end }}

{{/* What is wrong with the values although each by itself is right. */}}
{{- define "culvert.check" -}}
{{- if eq .Values.updateStrategy.type "RollingUpdate" }}
{{- $unavailable := .Values.updateStrategy.rollingUpdate.maxUnavailable | toString }}
{{- $surge := .Values.updateStrategy.rollingUpdate.maxSurge | toString }}
{{- $none := list "0" "0%" }}
{{- if and (has $unavailable $none) (has $surge $none) }}
{{- fail "updateStrategy.rollingUpdate: maxUnavailable and maxSurge are both 0, so that no agent could ever be replaced: set maxSurge to 1 or more" }}
{{- end }}
{{- if not (or (has $unavailable $none) (has $surge $none)) }}
{{- fail "updateStrategy.rollingUpdate: Kubernetes takes either maxUnavailable or maxSurge: set one of them to 0" }}
{{- end }}
{{- end }}
{{- $asks := list }}
{{- if .Values.metrics.service.enabled }}{{ $asks = append $asks "metrics.service.enabled" }}{{ end }}
{{- if .Values.metrics.podMonitor.enabled }}{{ $asks = append $asks "metrics.podMonitor.enabled" }}{{ end }}
{{- if .Values.metrics.serviceMonitor.enabled }}{{ $asks = append $asks "metrics.serviceMonitor.enabled" }}{{ end }}
{{- $address := default "127.0.0.1" .Values.config.httpAddress }}
{{- if and $asks (or (hasPrefix "127." $address) (eq $address "::1")) }}
{{- fail (printf "%s: Prometheus cannot reach the agents, which listen on %s: set config.httpAddress, for example to 0.0.0.0, and let only whom you trust reach port %s of the nodes" (join ", " $asks) $address (include "culvert.httpPort" .)) }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) }}
{{- fail "metrics.serviceMonitor.enabled: a ServiceMonitor needs the Service: set metrics.service.enabled, or use metrics.podMonitor" }}
{{- end }}
{{- end }}
