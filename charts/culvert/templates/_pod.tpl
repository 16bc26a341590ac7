{{/* The agents' pods, of the chart's root and the revision that their probes name. */}}
{{- define "culvert.podTemplate" -}}
{{- with .root -}}
metadata:
  labels:
    {{- toYaml (merge (include "culvert.agentLabels" . | fromYaml) .Values.podLabels .Values.commonLabels) | nindent 4 }}
  annotations:
    # Of the settings that an agent reads only when it starts: the others reach it while it runs.
    culvert.dev/restart-config: {{ include "culvert.restartConfig" . | sha256sum | trunc 16 | quote }}
    {{- with merge (dict) .Values.podAnnotations .Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  # The bridge, the routes and the socket of the overlay are the node's. Neither hostPID nor the runtime's namespaces are needed:
  # the CNI executable passes a descriptor of the pod's namespace.
  hostNetwork: true
  # Not the cluster's DNS, which is reached through the pod network.
  dnsPolicy: Default
  priorityClassName: {{ .Values.priorityClassName }}
  serviceAccountName: {{ include "culvert.serviceAccountName" . }}
  automountServiceAccountToken: true
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds | int64 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.extraInitContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: agent
      image: {{ include "culvert.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command: [culvert]
      args:
        - agent
        - --config=/etc/culvert/culvert.yaml
        {{- with .Values.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: NODE_NAME
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
        # During an update two agents are on a node, one of which serves it. The probes of both come to the same port, and say
        # by this whom they mean: whoever changes this template by hand changes the revision here and there too.
        - name: CULVERT_REVISION
          value: {{ $.revision | quote }}
        - name: POD_UID
          valueFrom:
            fieldRef:
              fieldPath: metadata.uid
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      # No ports: with the node's network each would be a port of the node, and the scheduler would keep the second agent away.
      startupProbe:
        {{- include "culvert.probe" (dict "root" . "path" (printf "/healthz?revision=%s" $.revision) "numbers" .Values.startupProbe) | nindent 8 }}
      livenessProbe:
        {{- include "culvert.probe" (dict "root" . "path" (printf "/healthz?revision=%s" $.revision) "numbers" .Values.livenessProbe) | nindent 8 }}
      readinessProbe:
        {{- include "culvert.probe" (dict "root" . "path" (printf "/readyz?revision=%s" $.revision) "numbers" .Values.readinessProbe) | nindent 8 }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      volumeMounts:
        # As a folder: the kubelet never updates what is mounted with subPath.
        - name: config
          mountPath: /etc/culvert
          readOnly: true
        - name: run
          mountPath: {{ include "culvert.runDir" . }}
        {{- with .Values.config.cniBinDir }}
        - name: cni-bin
          mountPath: {{ . }}
        {{- end }}
        {{- with .Values.config.cniConfDir }}
        - name: cni-conf
          mountPath: {{ . }}
        {{- end }}
        - name: tun
          mountPath: /dev/net/tun
        - name: xtables-lock
          mountPath: /run/xtables.lock
        # Container runtimes make /proc/sys read-only; the agent sets what is the network's.
        - name: proc-sys-net
          mountPath: /host/proc/sys/net
        # For what culvert capture writes: the root file system is read-only.
        - name: tmp
          mountPath: /tmp
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "culvert.fullname" . }}-config
    # The agent's socket, and what must outlive it but not the node's boot.
    - name: run
      hostPath:
        path: {{ include "culvert.runDir" . }}
        type: DirectoryOrCreate
    {{- with .Values.config.cniBinDir }}
    - name: cni-bin
      hostPath:
        path: {{ . }}
        type: DirectoryOrCreate
    {{- end }}
    {{- with .Values.config.cniConfDir }}
    - name: cni-conf
      hostPath:
        path: {{ . }}
        type: DirectoryOrCreate
    {{- end }}
    - name: tun
      hostPath:
        path: /dev/net/tun
        type: CharDevice
    # Shared with kube-proxy and everybody else who changes iptables.
    - name: xtables-lock
      hostPath:
        path: /run/xtables.lock
        type: FileOrCreate
    - name: proc-sys-net
      hostPath:
        path: /proc/sys/net
        type: Directory
    - name: tmp
      emptyDir:
        sizeLimit: 256Mi
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
{{- end }}

{{/* What tells the pods of one template from those of another: comments are no part of it, the chart's versions are. */}}
{{- define "culvert.revision" -}}
{{- $template := include "culvert.podTemplate" (dict "root" . "revision" "") | fromYaml | toJson }}
{{- printf "%s %s %s" .Chart.Version .Chart.AppVersion $template | sha256sum | trunc 16 }}
{{- end }}
