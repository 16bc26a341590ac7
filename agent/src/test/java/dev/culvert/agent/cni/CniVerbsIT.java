package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.cni.CniCaller.Outcome;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.net.Cidr;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** CHECK, GC and bad input through the real executable. */
final class CniVerbsIT {
    private static final Cidr RANGE = Cidr.parse("10.244.1.0/24");
    private static final Cidr RANGE6 = Cidr.parse("fd00:1::/64");

    @TempDir Path run;

    private CniNode node;

    @BeforeEach
    void start() throws Exception {
        node = new CniNode(run).withRanges(RANGE, RANGE6);
        node.start();
    }

    @AfterEach
    void close() {
        if (node != null) {
            node.close();
        }
    }

    private void ip(NetworkNamespace namespace, String... arguments) throws Exception {
        String[] command = new String[arguments.length + 1];
        command[0] = "ip";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        node.namespaces().check(namespace, command);
    }

    private Outcome gc(ObjectNode configuration) throws Exception {
        return node.runtime()
                .execute(Map.of("CNI_COMMAND", "GC", "CNI_PATH", "/opt/cni/bin"), configuration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.4.0", "1.0.0", "1.1.0"})
    void checksWhatItMade(String version) throws Exception {
        NetworkNamespace pod = node.pod();
        Outcome added = node.runtime().add("web", pod, InMemoryNode.configuration(version));
        added.assertSuccess();
        JsonNode result = added.json();
        assertThat(node.runtime().check("web", pod, result)).isEqualTo(new Outcome(0, ""));
        ip(pod, "addr", "add", "192.0.2.7/24", "dev", "eth0");
        ip(pod, "route", "add", "198.51.100.0/24", "via", "192.0.2.1");
        ip(pod, "-6", "route", "add", "default", "dev", "eth0", "table", "7");
        assertThat(node.runtime().check("web", pod, result)).isEqualTo(new Outcome(0, ""));
        node.restart();
        assertThat(node.runtime().check("web", pod, result)).isEqualTo(new Outcome(0, ""));
    }

    @ParameterizedTest
    @CsvSource({
        "addr del 10.244.1.2/24 dev eth0, lacks the address 10.244.1.2",
        "route del default, lacks the route 0.0.0.0/0 via 10.244.1.1",
        "-6 route del default, 'lacks the route 0:0:0:0:0:0:0:0/0'",
        "route change default via 10.244.1.1 mtu 1200, has the MTU 1200",
        "link set eth0 down, eth0 of the pod is down",
        "link set eth0 mtu 1400, has the MTU 1400",
        "link set eth0 address 02:00:00:00:00:09, has the MAC 02:00:00:00:00:09",
        "link del eth0, the pod has no interface eth0",
    })
    void noticesDamageInThePod(String damage, String complaint) throws Exception {
        NetworkNamespace pod = node.pod();
        JsonNode result = node.runtime().add("web", pod).json();
        ip(pod, damage.split(" ", -1));
        node.runtime().check("web", pod, result).assertRefused(104, complaint);
    }

    @Test
    void noticesDamageOnTheNode() throws Exception {
        NetworkNamespace pod = node.pod();
        JsonNode result = node.runtime().add("web", pod).json();
        String host = result.path("interfaces").path(1).path("name").asString();
        ip(node.namespace(), "link", "set", host, "nomaster");
        node.runtime()
                .check("web", pod, result)
                .assertRefused(104, "is no port of bridge culvert0");
        ip(node.namespace(), "link", "set", host, "master", "culvert0", "down");
        node.runtime().check("web", pod, result).assertRefused(104, "is down");
        ip(node.namespace(), "link", "set", host, "up");
        assertThat(node.runtime().check("web", pod, result)).isEqualTo(new Outcome(0, ""));
        node.runtime().check("web", node.pod(), result).assertRefused(104, "has no interface eth0");
        node.notReady();
        node.runtime().check("web", pod, result).assertRefused(11, "the test says so");
        node.service().close();
        node.runtime().check("web", pod, result).assertRefused(11, "not running");
    }

    @Test
    void removesWhatTheRuntimeDoesNotKnow() throws Exception {
        for (String each : new String[] {"one", "two", "three"}) {
            node.runtime().add(each, node.pod()).assertSuccess();
        }
        ObjectNode configuration = InMemoryNode.configuration("1.1.0");
        gc(configuration).assertSuccess();
        assertThat(node.attached()).containsExactly("one", "two", "three");
        configuration
                .putArray("cni.dev/valid-attachments")
                .addObject()
                .put("containerID", "two")
                .put("ifname", "eth0");
        configuration.putArray("cni.dev/attachments");
        assertThat(gc(configuration)).isEqualTo(new Outcome(0, ""));
        assertThat(node.attached()).containsExactly("two");
        configuration.put("cni.dev/valid-attachments", "all");
        gc(configuration).assertRefused(7, "nothing is removed");
        assertThat(node.attached()).containsExactly("two");
    }

    @Test
    void refusesVerbsThatTheVersionDoesNotHave() throws Exception {
        ObjectNode old = InMemoryNode.configuration("1.0.0");
        gc(old).assertRefused(1, "GC exists since version 1.1.0");
        node.runtime()
                .execute(Map.of("CNI_COMMAND", "STATUS"), old)
                .assertRefused(1, "STATUS exists since version 1.1.0");
        node.runtime()
                .execute(
                        CniCaller.variables("CHECK", "web", ""),
                        InMemoryNode.configuration("0.3.1"))
                .assertRefused(1, "CHECK exists since version 0.4.0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | 6 | is no JSON object",
                "nonsense | 6 | no valid JSON",
                "{\"cniVersion\" | 6 | no valid JSON",
                "[] | 6 | is no JSON object",
                "{\"cniVersion\":\"1.1.0\",\"name\":\"n\"} {} | 6 | no valid JSON",
                "{} | 1 | is not supported; use one of 0.3.1",
                "{\"cniVersion\":\"2.0.0\",\"name\":\"culvert\"} | 1 | '2.0.0' is not supported",
                "{\"cniVersion\":{},\"name\":\"culvert\"} | 1 | is not supported",
                "{\"cniVersion\":\"1.1.0\"} | 7 | name is ''",
                "{\"cniVersion\":\"1.1.0\",\"name\":\"a/b\"} | 7 | name is 'a/b'",
                "{\"cniVersion\":\"1.1.0\",\"name\":\"n\",\"prevResult\":{}} | 7 | first plugin",
                "{\"cniVersion\":\"1.1.0\",\"name\":\"n\",\"prevResult\":3} | 7 | first plugin",
            })
    void refusesABadConfiguration(String stdin, int code, String words) throws Exception {
        String pod = node.pod().path().toString();
        Map<String, String> add = CniCaller.variables("ADD", "web", pod);
        node.runtime().execute(add, stdin.getBytes(UTF_8)).assertRefused(code, words);
        assertThat(node.attached()).isEmpty();
    }

    @Test
    void refusesAConfigurationWithoutEndAndBytesThatAreNoText() throws Exception {
        Map<String, String> add = CniCaller.variables("ADD", "web", node.pod().path().toString());
        node.runtime()
                .execute(add, "[".repeat(100_000).getBytes(UTF_8))
                .assertRefused(6, "no valid JSON");
        node.runtime()
                .execute(add, new byte[] {'{', (byte) 0xff, 0, (byte) 0xfe})
                .assertRefused(6, "no valid JSON");
        node.runtime()
                .execute(add, new byte[1024 * 1024 + 1])
                .assertRefused(6, "longer than 1 MiB");
        assertThat(node.attached()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CNI_COMMAND | HELLO | CNI_COMMAND is not a CNI verb",
                "CNI_COMMAND | '' | CNI_COMMAND is not a CNI verb",
                "CNI_CONTAINERID | '' | CNI_CONTAINERID is not set",
                "CNI_CONTAINERID | ../../etc | CNI_CONTAINERID is '../../etc'",
                "CNI_CONTAINERID | a/b | CNI_CONTAINERID is 'a/b'",
                "CNI_CONTAINERID | LONG | at most 128",
                "CNI_IFNAME | '' | CNI_IFNAME is not set",
                "CNI_IFNAME | sixteencharacter | at most 15 characters",
                "CNI_IFNAME | eth0/1 | CNI_IFNAME is 'eth0/1'",
                "CNI_IFNAME | .. | CNI_IFNAME is '..'",
                "CNI_NETNS | '' | CNI_NETNS is not set",
                "CNI_NETNS | /nowhere/at/all | ENOENT",
                "CNI_NETNS | /proc/self/ns/net | the node's own network namespace",
                "CNI_NETNS | /proc/self/ns/mnt | cannot be opened",
                "CNI_NETNS | /etc/passwd | cannot be opened",
            })
    void refusesABadEnvironment(String name, String value, String words) throws Exception {
        String pod = node.pod().path().toString();
        Map<String, String> add = CniCaller.variables("ADD", "web", pod);
        add.put(name, value.equals("LONG") ? "x".repeat(129) : value);
        node.runtime().execute(add, InMemoryNode.configuration("1.1.0")).assertRefused(4, words);
        assertThat(node.attached()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ADD", "DEL", "CHECK", "GC", "STATUS"})
    void quotesInTheAnswerWhateverItWasGiven(String verb) throws Exception {
        Map<String, String> variables = CniCaller.variables(verb, "\"\\\n\u00e9/", "\u00e9\"\\");
        Outcome outcome = node.runtime().execute(variables, "\"\u0000".getBytes(UTF_8));
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.code()).isIn(4, 6);
        assertThat(outcome.json().path("cniVersion").asString()).isEqualTo("1.1.0");
    }
}
