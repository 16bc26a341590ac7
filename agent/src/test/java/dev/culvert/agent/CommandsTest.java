package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.admin.AdminHandler;
import dev.culvert.agent.admin.AdminServer;
import dev.culvert.agent.status.LeaseReport;
import dev.culvert.agent.status.PolicyReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Commands against a server that answers like an agent. */
final class CommandsTest {
    private static final PolicyReport POLICIES =
            new PolicyReport(
                    true,
                    true,
                    "NetworkPolicies in force: 2",
                    1,
                    List.of(
                            new PolicyReport.Policy(
                                    "shop/deny", List.of("ingress"), List.of("shop/web"), ""),
                            new PolicyReport.Policy(
                                    "bank/odd", List.of("egress"), List.of(), "port 0 is none")));

    @TempDir private Path directory;
    private final Map<String, AdminHandler> handlers = new TreeMap<>();
    private Path socket;
    private AdminServer server;

    @BeforeEach
    void listen() throws IOException {
        socket = directory.resolve("agent.sock");
        ready(true, "");
        handlers.put(
                "GET /v1/leases",
                (_, answer) ->
                        answer.json(
                                List.of(
                                        lease("default/web", "10.244.1.2", "up"),
                                        lease("default/db", "10.244.1.3", "missing"))));
        handlers.put("GET /v1/policy", (_, answer) -> answer.json(POLICIES));
        restart();
    }

    private static LeaseReport lease(String pod, String address, String state) {
        return new LeaseReport(
                pod, List.of(address), "c0ffee0123456789", "eth0", "cv0123456789a", state);
    }

    private void ready(boolean ready, String problem) {
        String text =
                """
                  {"node":"node1","version":"1","ready":%s,"conditions":{"node":"%s"},"warnings":[],
                   "vtep":{"ip":"192.0.2.1","port":4789,"mac":"02:00:00:00:00:01","vni":1},
                   "podCidrs":["10.244.1.0/24"],"podMtu":1450,
                   "peers":[
                    {"node":"node2","prefixes":["10.244.2.0/24"],"ip":"192.0.2.2","port":4789,"state":"up","rttMicros":120,"lossRatio":0.0,
                     "mac":"02:00:00:00:00:02","egress":{"packets":1,"bytes":9},
                     "ingress":{"packets":8,"bytes":9}},
                    {"node":"node3","prefixes":["10.244.3.0/24"],"ip":"2001:db8::3","port":4789,"state":"down",
                     "mac":"02:00:00:00:00:03","egress":{"packets":5,"bytes":9},
                     "ingress":{"packets":2,"bytes":9}}],
                   "egress":{"packets":6,"bytes":18},"ingress":{"packets":10,"bytes":18},
                   "drops":[
                {"direction":"egress","reason":"no_vtep","meaning":"m","packets":3},
                {"direction":"egress","reason":"too_big","meaning":"m","packets":0}],"features":[],"leases":[]}
                """
                        .formatted(ready, problem);
        Object tree = new JsonMapper().readTree(text);
        handlers.put("GET /v1/status", (_, answer) -> answer.json(tree));
    }

    private void restart() throws IOException {
        close();
        server = new AdminServer(socket, handlers);
        server.start();
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    private CommandRun run(String... words) {
        return CommandRun.of(socket, words);
    }

    @Test
    void tellsByItsStatusWhetherTheNodeIsReady() throws IOException {
        CommandRun ready = run("status");
        assertThat(ready.status()).as(ready.err()).isZero();
        assertThat(ready.out())
                .contains("ready      yes")
                .contains("dropped    3 no_vtep")
                .doesNotContain("too_big");
        ready(false, "there is no podCIDR");
        restart();
        for (String format : List.of("table", "json", "yaml")) {
            CommandRun outcome = run("status", "-o", format);
            assertThat(outcome.status()).isEqualTo(1);
            assertThat(outcome.out()).contains("there is no podCIDR");
        }
    }

    @Test
    void printsTheSameAsTableJsonAndYaml() {
        assertThat(run("leases").out())
                .containsPattern("(?m)^default/web +10.244.1.2 +eth0 +cv0123456789a +up +c0ffee01");
        assertThat(new JsonMapper().readTree(run("leases", "-o", "json").out()).get(1).get("state"))
                .hasToString("\"missing\"");
        assertThat(run("leases", "db", "-o", "yaml").out())
                .contains("pod: \"default/db\"")
                .doesNotContain("default/web");
    }

    @Test
    void sortsAndFiltersPeers() {
        assertThat(run("peers").out().lines().skip(1))
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("node2 "),
                        line -> assertThat(line).contains("[2001:db8::3]:4789"));
        assertThat(run("peers", "--sort=sent").out().lines().skip(1).findFirst().orElse(""))
                .startsWith("node3 ");
        assertThat(run("peers", "--sort=state").out().lines().skip(1).findFirst().orElse(""))
                .containsPattern("^node3 .* down +- +- +5 ");
        assertThat(run("peers", "--state=up").out())
                .containsPattern("(?m)^node2 .* up +120 us +0 % +1 ")
                .doesNotContain("node3");
        assertThat(run("peers", "10.244.2").out()).contains("node2").doesNotContain("node3");
    }

    @Test
    void saysWhetherPoliciesAreInForce() {
        assertThat(run("policy").out())
                .contains("in force: 2")
                .containsPattern("shop/deny +ingress +shop/web")
                .containsPattern("bank/odd +egress +-\\R  not understood.*: port 0 is none");
        assertThat(run("policy", "web").out()).contains("shop/deny").doesNotContain("bank");
        assertThat(run("policy", "-o", "json").out())
                .startsWith("{\"enforced\":true,\"watched\":true,");
    }

    @Test
    void endsWithThreeWithoutAnAgent() {
        server.close();
        for (String command : List.of("status", "peers", "leases", "policy", "install-cni")) {
            CommandRun outcome = run(command);
            assertThat(outcome.status()).as(command).isEqualTo(3);
            assertThat(outcome.err())
                    .startsWith("culvert: no agent answers at " + socket)
                    .hasLineCount(1);
        }
    }

    @Test
    void passesOnWhatTheAgentRefuses() throws IOException {
        handlers.clear();
        restart();
        CommandRun outcome = run("leases");
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).contains("this agent knows no GET /v1/leases");
    }

    @Test
    void refusesWrongUsageWithTwo() {
        assertThat(run("status", "-o", "xml").status()).isEqualTo(2);
        assertThat(CommandRun.asIs("statistics").status()).isEqualTo(2);
    }

    @Test
    void completesEveryCommand() {
        CommandRun outcome = CommandRun.asIs("completion", "bash");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out())
                .contains(String.join(" ", Main.commandLine(Map.of()).getSubcommands().keySet()))
                .contains("'--sort'");
    }
}
