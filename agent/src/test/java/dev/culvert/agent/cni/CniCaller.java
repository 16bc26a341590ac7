package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a container runtime does: runs the real executable against the agent of one run directory.
 * Any thread.
 *
 * @param run the agent's run directory
 */
public record CniCaller(Path run) {
    private static final Path EXECUTABLE =
            Path.of("..", "cni", "target", "culvert-cni").toAbsolutePath().normalize();
    private static final int PATIENCE_SECONDS = 120;

    /** How a call ended. */
    public record Outcome(int status, String stdout) {

        /** What was printed, as JSON. */
        public JsonNode json() {
            return JsonMapper.builder().build().readTree(stdout);
        }

        /** The error's code. */
        public int code() {
            return json().path("code").asInt();
        }

        void assertSuccess() {
            assertThat(status).as(stdout).isZero();
        }

        /** Whether it is an error with this code and these words in it. */
        void assertRefused(int code, String words) {
            assertThat(status).as(stdout).isEqualTo(1);
            assertThat(code()).as(stdout).isEqualTo(code);
            assertThat(stdout).contains(words);
            assertThat(json().path("msg").asString()).startsWith("culvert: ");
        }

        /** The addresses of an ADD's result, without their length. */
        public List<String> addresses() {
            List<String> addresses = new ArrayList<>();
            json().path("ips")
                    .forEach(ip -> addresses.add(ip.path("address").asString().split("/", 2)[0]));
            return addresses;
        }
    }

    /** Skips the test, and says why, if the executable was not built. */
    public static void assumeBuilt() {
        Assumptions.assumeTrue(
                Files.isExecutable(EXECUTABLE), EXECUTABLE + " is missing: build module cni");
    }

    /** ADD of eth0. */
    public Outcome add(String container, NetworkNamespace pod) throws Exception {
        return call("ADD", container, pod.path().toString());
    }

    /** DEL of eth0. */
    public Outcome del(String container) throws Exception {
        return call("DEL", container, "");
    }

    /** STATUS. */
    public Outcome status() throws Exception {
        return call("STATUS", "", "");
    }

    private Outcome call(String verb, String container, String netns) throws Exception {
        return execute(variables(verb, container, netns), InMemoryNode.configuration("1.1.0"));
    }

    /** ADD of eth0 with this configuration. */
    Outcome add(String container, NetworkNamespace pod, JsonNode configuration) throws Exception {
        return execute(variables("ADD", container, pod.path().toString()), configuration);
    }

    /** CHECK of eth0 against the result of an ADD. */
    Outcome check(String container, NetworkNamespace pod, JsonNode result) throws Exception {
        ObjectNode configuration =
                InMemoryNode.configuration(result.path("cniVersion").asString("1.1.0"));
        configuration.set("prevResult", result);
        return execute(variables("CHECK", container, pod.path().toString()), configuration);
    }

    /** The variables of a call about the interface eth0. */
    static Map<String, String> variables(String verb, String container, String netns) {
        Map<String, String> variables = new TreeMap<>();
        variables.put("CNI_COMMAND", verb);
        variables.put("CNI_CONTAINERID", container);
        variables.put("CNI_NETNS", netns);
        variables.put("CNI_IFNAME", "eth0");
        variables.put("CNI_ARGS", "K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + container);
        variables.put("CNI_PATH", "/opt/cni/bin");
        return variables;
    }

    Outcome execute(Map<String, String> variables, JsonNode stdin) throws Exception {
        return execute(variables, stdin.toString().getBytes(UTF_8));
    }

    Outcome execute(Map<String, String> variables, byte[] stdin) throws Exception {
        Process process = start(variables, stdin);
        try {
            String stdout = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("the executable does not end");
            }
            return new Outcome(process.exitValue(), stdout);
        } finally {
            process.destroyForcibly();
        }
    }

    /** The executable with this stdin: a file, since one that refuses early does not read it. */
    Process start(Map<String, String> variables, byte[] stdin) throws IOException {
        Path file = Files.createTempFile("culvert-test", ".json");
        try {
            Files.write(file, stdin);
            ProcessBuilder builder = new ProcessBuilder(EXECUTABLE.toString());
            builder.redirectInput(file.toFile());
            builder.redirectError(ProcessBuilder.Redirect.DISCARD);
            builder.environment().clear();
            builder.environment().putAll(variables);
            builder.environment().put("CULVERT_RUN_DIR", run.toString());
            return builder.start();
        } finally {
            Files.delete(file); // open in the executable by now
        }
    }
}
