package dev.culvert.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A real Prometheus on the first node that scrapes all agents and evaluates the rules of {@code
 * deploy/prometheus}. The main thread only.
 */
final class PrometheusCheck {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    private static final String CONFIG = "/run/demo/prometheus.yml";
    private static final String ADDRESS = "127.0.0.1:9090";

    private final NodeHolder node;
    private final Plan plan;
    private final Report report;

    PrometheusCheck(NodeHolder node, Plan plan, Report report) {
        this.node = node;
        this.plan = plan;
        this.report = report;
    }

    /** Whether Prometheus is installed. */
    static boolean available() throws DemoException {
        return Command.of(List.of("sh", "-c", "command -v prometheus promtool")).run().status()
                == 0;
    }

    /** Lets it scrape until its rules have a result, and judges that. */
    void run(ChildProcesses children) throws DemoException, InterruptedException {
        node.write(CONFIG, config());
        Path log = plan.logs().resolve("prometheus.log");
        LoggedProcess prometheus =
                LoggedProcess.start(
                        node,
                        children,
                        log,
                        List.of(
                                "prometheus",
                                "--config.file=" + CONFIG,
                                "--storage.tsdb.path=/run/demo/prometheus",
                                "--web.listen-address=" + ADDRESS,
                                "--log.level=warn"));
        try {
            judge(prometheus);
        } finally {
            prometheus.terminate(STOP_LIMIT);
        }
    }

    private void judge(LoggedProcess prometheus) throws DemoException, InterruptedException {
        boolean ready =
                Await.until(
                        LIMIT,
                        () ->
                                !prometheus.isAlive()
                                        || says("cluster:culvert_agents_ready:sum", plan.nodes()));
        if (!ready || !prometheus.isAlive()) {
            throw new DemoException(
                    "Prometheus does not see %d agents ready. Its log %s ends with:\n%s"
                            .formatted(plan.nodes(), prometheus.log(), prometheus.tail()));
        }
        report.success(
                "Prometheus scrapes "
                        + plan.nodes()
                        + " agents, and its rule says that all of them are ready");
        // It scrapes itself later than its agents, perhaps.
        report.check(
                Await.until(LIMIT, () -> says("sum(prometheus_rule_evaluation_failures_total)", 0)),
                "it evaluates the rules of deploy/prometheus without an error");
    }

    /** Whether the answer to a query is one number, this one. */
    private boolean says(String query, int number) {
        try {
            Command.Result answer =
                    node.command("promtool", "query", "instant", "http://" + ADDRESS, query).run();
            return answer.status() == 0 && answer.output().contains("=> " + number + " @");
        } catch (DemoException _) {
            return false;
        }
    }

    /** Judges the text of an agent as Prometheus' own linter does. */
    void lint(String metrics) throws DemoException {
        Command.Result result =
                node.command("promtool", "check", "metrics").withInput(metrics).run();
        report.check(
                result.status() == 0 && result.text().isEmpty(),
                "promtool finds nothing wrong with /metrics"
                        + (result.text().isEmpty() ? "" : ":\n" + result.text()));
    }

    private String config() {
        String agents =
                IntStream.rangeClosed(1, plan.nodes())
                        .mapToObj(
                                each ->
                                        "\"%s:%d\""
                                                .formatted(
                                                        Plan.underlayAddress(each),
                                                        AgentProcess.HEALTH_PORT))
                        .collect(Collectors.joining(", "));
        return """
               global:
                 scrape_interval: 2s
                 scrape_timeout: 2s
                 evaluation_interval: 1s
               rule_files: ["%s"]
               scrape_configs:
                 - job_name: culvert
                   static_configs: [{targets: [%s]}]
                 - job_name: prometheus
                   static_configs: [{targets: ["%s"]}]
               """
                .formatted(
                        plan.root().resolve("deploy/prometheus/culvert.rules.yml"),
                        agents,
                        ADDRESS);
    }
}
