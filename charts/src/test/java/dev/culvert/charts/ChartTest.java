package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ChartTest {
    private final Chart chart = Chart.ours();

    @TempDir private Path folder = Path.of("");

    @Test
    void helmFindsNothingWrong() {
        assertThat(chart.lint().isFailed()).isFalse();
        assertThat(chart.lint().getMessages())
                .containsExactly("[INFO] Chart.yaml: icon is recommended");
    }

    @Test
    void everyObjectOfTheDefaultsIsAsKubernetesWantsIt() {
        List<JsonNode> objects = chart.objects(Map.of());
        assertThat(objects)
                .extracting(each -> each.path("kind").asString())
                .containsExactlyInAnyOrder(
                        "ServiceAccount",
                        "ConfigMap",
                        "ClusterRole",
                        "ClusterRoleBinding",
                        "DaemonSet");
        assertThat(objects).allSatisfy(each -> assertThat(StrictModel.read(each)).isNotNull());
    }

    @Test
    void everyObjectOfEveryOptionIsAsKubernetesWantsIt() {
        List<JsonNode> objects = chart.objects(Values.EVERYTHING);
        assertThat(objects)
                .extracting(each -> each.path("kind").asString())
                .contains(
                        "Service",
                        "PodMonitor",
                        "ServiceMonitor",
                        "ResourceQuota",
                        "PrometheusRule");
        assertThat(objects).allSatisfy(each -> assertThat(StrictModel.read(each)).isNotNull());
    }

    /** So that the two tests before can fail. */
    @Test
    void aFieldThatKubernetesDoesNotHaveIsNoticed() {
        assertThatThrownBy(() -> rendered(Map.of("affinity", Map.of("nodeAfinity", Map.of()))))
                .hasMessageContaining("nodeAfinity");
        assertThatThrownBy(
                        () -> rendered(Map.of("podSecurityContext", Map.of("runAsUser", "zero"))))
                .hasMessageContaining("zero");
    }

    private void rendered(Map<String, ?> values) {
        chart.objects(values).forEach(StrictModel::read);
    }

    @Test
    void everyObjectIsInTheReleasesNamespaceAndHasTheLabels() {
        for (JsonNode each : Chart.read(chart.render("blue", "net", Values.EVERYTHING))) {
            JsonNode metadata = each.path("metadata");
            if (!each.path("kind").asString().startsWith("Cluster")) {
                assertThat(metadata.path("namespace").asString()).isEqualTo("net");
            }
            assertThat(metadata.path("name").asString()).startsWith("blue-culvert");
            assertThat(metadata.path("labels").path("app.kubernetes.io/instance").asString())
                    .isEqualTo("blue");
        }
    }

    @Test
    void theAgentHasNoMoreOfTheNodeThanItNeeds() {
        PodSpec pod = pod(Map.of());
        assertThat(pod.getHostNetwork()).isTrue();
        assertThat(pod.getHostPID()).isNull();
        assertThat(pod.getHostIPC()).isNull();
        assertThat(pod.getDnsPolicy()).isEqualTo("Default");
        assertThat(pod.getPriorityClassName()).isEqualTo("system-node-critical");
        assertThat(pod.getSecurityContext().getSeccompProfile().getType())
                .isEqualTo("RuntimeDefault");
        Container agent = agent(pod);
        assertThat(agent.getSecurityContext().getPrivileged()).isFalse();
        assertThat(agent.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(agent.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(agent.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(agent.getSecurityContext().getCapabilities().getAdd())
                .containsExactly("NET_ADMIN", "NET_RAW", "SYS_ADMIN");
    }

    /**
     * The API server refuses CAP_SYS_ADMIN, in this spelling, where no privileges may be gained.
     */
    @Test
    void capabilitiesAreSpelledAsTheApiServerTakesThem() {
        assertThat(agent(pod(Map.of())).getSecurityContext().getCapabilities().getAdd())
                .noneMatch(each -> each.startsWith("CAP_"));
    }

    @Test
    void theAgentRunsOnEveryNodeWhateverItsTaints() {
        PodSpec pod = pod(Map.of());
        assertThat(pod.getTolerations())
                .singleElement()
                .satisfies(
                        each -> {
                            assertThat(each.getOperator()).isEqualTo("Exists");
                            assertThat(each.getKey()).isNull();
                            assertThat(each.getEffect()).isNull();
                        });
        assertThat(pod.getNodeSelector()).containsOnlyKeys("kubernetes.io/os");
    }

    @Test
    void memoryIsLimitedAndCpuIsNot() {
        var resources = agent(pod(Map.of())).getResources();
        assertThat(resources.getRequests()).containsKeys("cpu", "memory");
        assertThat(resources.getLimits()).containsOnlyKeys("memory");
    }

    @Test
    void theKubeletFollowsTheConfigurationOnlyWhereItIsMountedAsAFolder() {
        PodSpec pod = pod(Map.of());
        assertThat(agent(pod).getVolumeMounts())
                .allSatisfy(
                        each -> {
                            assertThat(each.getSubPath()).isNull();
                            assertThat(each.getSubPathExpr()).isNull();
                        });
        assertThat(mount(pod, "config").getMountPath()).isEqualTo("/etc/culvert");
        assertThat(agent(pod).getArgs()).contains("--config=/etc/culvert/culvert.yaml");
    }

    @Test
    void everyMountHasItsVolumeAndEveryVolumeItsMount() {
        for (Map<String, ?> values : List.of(Map.<String, Object>of(), Values.EVERYTHING)) {
            PodSpec pod = pod(values);
            assertThat(agent(pod).getVolumeMounts())
                    .extracting(VolumeMount::getName)
                    .containsAll(pod.getVolumes().stream().map(Volume::getName).toList());
            assertThat(pod.getVolumes())
                    .extracting(Volume::getName)
                    .containsAll(
                            agent(pod).getVolumeMounts().stream()
                                    .map(VolumeMount::getName)
                                    .toList());
        }
    }

    @Test
    void foldersOfTheNodeAreThoseOfTheConfiguration() {
        Map<String, Object> values =
                Map.of(
                        "config",
                        Map.of(
                                "runDir", "/run/other",
                                "cniConfDir", "/etc/other/net.d",
                                "cniBinDir", "/usr/lib/cni"));
        PodSpec pod = pod(values);
        for (String[] each :
                new String[][] {
                    {"run", "/run/other"},
                    {"cni-conf", "/etc/other/net.d"},
                    {"cni-bin", "/usr/lib/cni"}
                }) {
            assertThat(mount(pod, each[0]).getMountPath()).isEqualTo(each[1]);
            assertThat(volume(pod, each[0]).getHostPath().getPath()).isEqualTo(each[1]);
        }
        Pod test = test(values);
        assertThat(volume(test.getSpec(), "run").getHostPath().getPath()).isEqualTo("/run/other");
    }

    @Test
    void withoutAFolderForListsNoneIsMounted() {
        PodSpec pod = pod(Map.of("config", Map.of("cniConfDir", "")));
        assertThat(pod.getVolumes()).extracting(Volume::getName).doesNotContain("cni-conf");
    }

    @Test
    void theAgentReadsWhatTheChartWrites() throws Exception {
        AgentConfig defaults = config(Map.of());
        assertThat(defaults.cniFiles().confDir()).isEqualTo(Path.of("/etc/cni/net.d"));
        assertThat(defaults.cniFiles().binDir()).isEqualTo(Path.of("/opt/cni/bin"));
        Map<String, Object> examples = Map.of();
        for (Map.Entry<String, JsonNode> each : Schema.ours().leaves().entrySet()) {
            if (each.getKey().startsWith("config.")) {
                Object example = Schema.plain(each.getValue().path("examples").path(0));
                examples = Chart.with(examples, each.getKey(), example);
            }
        }
        AgentConfig other = config(examples);
        assertThat(other.vni()).isEqualTo(7);
        assertThat(other.transmitQueueLength()).isEqualTo(1_000_000);
        assertThat(other.clusterCidrs()).hasSize(2);
        assertThat(other.httpPort()).isEqualTo(9999);
    }

    @Test
    void withInstallOffTheAgentInstallsNothingAndCanStillReachTheFolders() throws Exception {
        Map<String, Object> off = Map.of("cni", Map.of("install", false));
        assertThat(config(off).cniFiles().isEnabled()).isFalse();
        assertThat(mount(pod(off), "cni-conf").getMountPath()).isEqualTo("/etc/cni/net.d");
    }

    @Test
    void theKubeletAsksWhereTheAgentListens() {
        assertThat(probes(Map.of()))
                .allSatisfy(
                        each -> {
                            assertThat(each.getHttpGet().getHost()).isEqualTo("127.0.0.1");
                            assertThat(each.getHttpGet().getPort().getIntVal()).isEqualTo(9473);
                        });
        assertThat(probes(Map.of("config", Map.of("httpAddress", "0.0.0.0", "httpPort", 9999))))
                .allSatisfy(
                        each -> {
                            assertThat(each.getHttpGet().getHost()).isEqualTo("127.0.0.1");
                            assertThat(each.getHttpGet().getPort().getIntVal()).isEqualTo(9999);
                        });
        assertThat(probes(Map.of("config", Map.of("httpAddress", "::1"))))
                .allSatisfy(each -> assertThat(each.getHttpGet().getHost()).isEqualTo("::1"));
    }

    @Test
    void onlyReadinessDependsOnTheRestOfTheNode() {
        Container agent = agent(pod(Map.of()));
        assertThat(agent.getReadinessProbe().getHttpGet().getPath()).startsWith("/readyz?");
        assertThat(agent.getLivenessProbe().getHttpGet().getPath()).startsWith("/healthz?");
        assertThat(agent.getStartupProbe().getHttpGet().getPath()).startsWith("/healthz?");
    }

    @Test
    void whatPrometheusCouldNotReachIsRefused() {
        assertRefused(
                Map.of("metrics", Map.of("podMonitor", Map.of("enabled", true))),
                "set config.httpAddress");
        assertRefused(
                Map.of(
                        "config", Map.of("httpAddress", "::1"),
                        "metrics", Map.of("service", Map.of("enabled", true))),
                "listen on ::1");
        assertRefused(
                Map.of(
                        "config", Map.of("httpAddress", "0.0.0.0"),
                        "metrics", Map.of("serviceMonitor", Map.of("enabled", true))),
                "needs the Service");
    }

    @Test
    void monitorsFindTheirTargetsByLabelsAndPortsThatAreThere() {
        List<JsonNode> objects = chart.objects(Values.EVERYTHING);
        JsonNode labels = Chart.only(objects, "DaemonSet").at("/spec/template/metadata/labels");
        JsonNode service = Chart.only(objects, "Service");
        assertSelects(Chart.only(objects, "PodMonitor").at("/spec/selector/matchLabels"), labels);
        assertSelects(service.at("/spec/selector"), labels);
        assertSelects(
                Chart.only(objects, "ServiceMonitor").at("/spec/selector/matchLabels"),
                service.at("/metadata/labels"));
        assertThat(service.at("/spec/ports/0/name").asString()).isEqualTo("http");
        assertThat(service.at("/spec/clusterIP").asString()).isEqualTo("None");
    }

    private static void assertSelects(JsonNode selector, JsonNode labels) {
        assertThat(selector.properties()).isNotEmpty();
        selector.properties()
                .forEach(each -> assertThat(labels.path(each.getKey())).isEqualTo(each.getValue()));
    }

    @Test
    void agentsAreReplacedOnlyForSettingsThatTheyReadWhenTheyStart() {
        String before = restartConfig(Map.of());
        assertThat(restartConfig(Map.of("config", Map.of("logLevel", "debug")))).isEqualTo(before);
        assertThat(restartConfig(Map.of("config", Map.of("vni", 7)))).isNotEqualTo(before);
        assertThat(restartConfig(Map.of("cni", Map.of("install", false)))).isNotEqualTo(before);
    }

    private String restartConfig(Map<String, ?> values) {
        return String.valueOf(
                daemonSet(values)
                        .getSpec()
                        .getTemplate()
                        .getMetadata()
                        .getAnnotations()
                        .get("culvert.dev/restart-config"));
    }

    @Test
    void aDigestIsAddedToTheTag() {
        String digest = "sha256:" + "a".repeat(64);
        assertThat(agent(pod(Map.of("image", Map.of("repository", "r/c", "tag", "9")))).getImage())
                .isEqualTo("r/c:9");
        assertThat(
                        agent(
                                        pod(
                                                Map.of(
                                                        "image",
                                                        Map.of(
                                                                "repository",
                                                                "r/c",
                                                                "tag",
                                                                "9",
                                                                "digest",
                                                                digest))))
                                .getImage())
                .isEqualTo("r/c:9@" + digest);
    }

    @Test
    void theImageIsThatOfTheSourcesBesideTheChart() throws IOException {
        JsonNode about =
                Chart.read(Files.readString(Chart.file("charts/culvert/Chart.yaml"))).getFirst();
        assertThat(Files.readString(Chart.file("pom.xml")))
                .contains("<revision>" + about.path("appVersion").asString() + "</revision>");
    }

    @Test
    void labelsOfTheOperatorNeverChangeWhatTheDaemonSetSelects() {
        Map<String, String> theirs = Map.of("app.kubernetes.io/name", "other", "team", "net");
        for (String value : List.of("podLabels", "commonLabels")) {
            DaemonSet changed = daemonSet(Map.of(value, theirs));
            assertThat(changed.getSpec().getSelector())
                    .isEqualTo(daemonSet(Map.of()).getSpec().getSelector());
            assertThat(changed.getSpec().getTemplate().getMetadata().getLabels())
                    .containsEntry("team", "net")
                    .containsAllEntriesOf(changed.getSpec().getSelector().getMatchLabels());
        }
    }

    @Test
    void helmTestAsksTheAgentAndMayDoNothingElse() {
        Pod test = test(Map.of());
        assertThat(test.getSpec().getHostNetwork()).isTrue();
        assertThat(test.getSpec().getRestartPolicy()).isEqualTo("Never");
        assertThat(test.getSpec().getAutomountServiceAccountToken()).isFalse();
        Container status = test.getSpec().getContainers().getFirst();
        assertThat(status.getImage()).isEqualTo(agent(pod(Map.of())).getImage());
        assertThat(status.getArgs()).startsWith("status");
        assertThat(status.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(status.getSecurityContext().getCapabilities().getAdd()).isEmpty();
        assertThatThrownBy(() -> test(Map.of("tests", Map.of("enabled", false))))
                .hasMessageContaining("0 objects of kind Pod");
    }

    @Test
    void rulesAndDashboardAreThoseOfTheRepository() throws IOException {
        List<JsonNode> objects = chart.objects(Values.EVERYTHING);
        JsonNode rules =
                Chart.read(Files.readString(Chart.file("deploy/prometheus/culvert.rules.yml")))
                        .getFirst();
        assertThat(Chart.only(objects, "PrometheusRule").at("/spec/groups"))
                .isEqualTo(rules.path("groups"));
        JsonNode dashboard =
                objects.stream()
                        .filter(each -> each.at("/data").has("culvert.json"))
                        .findFirst()
                        .orElseThrow();
        assertThat(dashboard.at("/metadata/labels/grafana_dashboard").asString()).isEqualTo("1");
        assertThat(dashboard.at("/data").path("culvert.json").asString().strip())
                .isEqualTo(Files.readString(Chart.file("deploy/grafana/culvert.json")).strip());
    }

    @Test
    void theNotesTellWhatToDoNext() throws IOException {
        assertThat(chart.notes(Map.of()))
                .contains("-n kube-system exec daemonset/culvert -- culvert status")
                .contains("config.clusterCidrs is empty");
        assertThat(
                        chart.notes(
                                Map.of(
                                        "config", Map.of("clusterCidrs", List.of("10.0.0.0/8")),
                                        "cni", Map.of("install", false))))
                .contains("cni.install is false")
                .doesNotContain("clusterCidrs");
    }

    private void assertRefused(Map<String, ?> values, String reason) {
        assertThatThrownBy(() -> chart.render(values)).hasMessageContaining(reason);
    }

    private AgentConfig config(Map<String, ?> values) throws IOException, ConfigException {
        ConfigMap map =
                (ConfigMap) StrictModel.read(Chart.only(chart.objects(values), "ConfigMap"));
        assertThat(map.getMetadata().getName()).isEqualTo("culvert-config");
        Path file = folder.resolve("culvert.yaml");
        Files.writeString(file, map.getData().get("culvert.yaml"));
        return AgentConfig.load(file, Map.of());
    }

    private DaemonSet daemonSet(Map<String, ?> values) {
        return (DaemonSet) StrictModel.read(Chart.only(chart.objects(values), "DaemonSet"));
    }

    private PodSpec pod(Map<String, ?> values) {
        return daemonSet(values).getSpec().getTemplate().getSpec();
    }

    /** Helm leaves hooks out of what it renders: here it is none. */
    private Pod test(Map<String, ?> values) {
        try {
            Chart copy = new Chart(Files.createTempDirectory(folder, "chart"));
            copy.copyOf(Chart.ours(), text -> text.replaceAll("(?m)^ +helm\\.sh/hook.*\\n", ""));
            return (Pod) StrictModel.read(Chart.only(copy.objects(values), "Pod"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Container agent(PodSpec pod) {
        assertThat(pod.getContainers()).hasSize(1);
        return pod.getContainers().getFirst();
    }

    private List<Probe> probes(Map<String, ?> values) {
        Container agent = agent(pod(values));
        return Stream.of(
                        agent.getStartupProbe(),
                        agent.getLivenessProbe(),
                        agent.getReadinessProbe())
                .toList();
    }

    private static VolumeMount mount(PodSpec pod, String name) {
        return pod.getContainers().getFirst().getVolumeMounts().stream()
                .filter(each -> each.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Volume volume(PodSpec pod, String name) {
        return pod.getVolumes().stream()
                .filter(each -> each.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
