package dev.culvert.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Runs the jar of the source tree with this program's Java. The main thread only. */
final class JarProgram implements AgentProgram {
    private static final String CONFIG = "/run/demo/culvert.yaml";
    private static final String KUBECONFIG = "/run/demo/kubeconfig";

    private final Plan plan;
    private final ChildProcesses children;

    JarProgram(Plan plan, ChildProcesses children) {
        this.plan = plan;
        this.children = children;
    }

    @Override
    public LoggedProcess start(NodeHolder node, String config, ApiAccess api, Path log)
            throws DemoException {
        node.write(CONFIG, config);
        node.write(KUBECONFIG, api.kubeconfig());
        List<String> words = java("-Xmx192m");
        words.addAll(List.of("agent", "--config", CONFIG, "--kubeconfig", KUBECONFIG));
        words.addAll(List.of("--node-name", node.name()));
        return LoggedProcess.start(node, children, log, words);
    }

    private List<String> java(String heap) {
        return new ArrayList<>(
                List.of(
                        KubernetesApi.javaExecutable(),
                        heap,
                        "-XX:+UseSerialGC",
                        "-XX:-UsePerfData",
                        "-jar",
                        plan.agentJar().toString()));
    }

    @Override
    public Command command(NodeHolder node, String... words) {
        List<String> all = java("-Xmx64m");
        all.addAll(List.of(words));
        return node.command(all.toArray(String[]::new));
    }

    @Override
    public int stop(NodeHolder node, LoggedProcess process, Duration limit)
            throws InterruptedException {
        return process.terminate(limit);
    }

    @Override
    public Path cniExecutable(NodeHolder node) {
        return plan.cniExecutable();
    }
}
