package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.install.CniInstaller;
import dev.culvert.agent.install.InstalledFiles;
import dev.culvert.agent.install.KeptInstallation;
import dev.culvert.agent.status.StatusReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code culvert install-cni}: what the agent does by itself where {@code cniConfDir} is set. */
@Command(
        name = "install-cni",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Put the CNI executable and then the network list where the container runtime looks"
                        + " for them, once this node's agent is ready.",
        footer = {
            "",
            "Examples:",
            "  culvert install-cni",
            "  culvert install-cni --conf-dir /etc/cni/net.d --bin-dir /opt/cni/bin --unready"
        })
final class InstallCniCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private CniFileOptions options = new CniFileOptions();

    @Option(
            names = "--unready",
            description = "Do it although the agent is not ready or does not run.")
    private boolean unready;

    InstallCniCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter complaints = spec.commandLine().getErr();
        if (!unready) {
            requireReady();
        }
        CniInstaller installer =
                new CniInstaller(InstalledFiles.of(options.settings(agent.config(), environment)));
        List<Path> written = installer.install();
        written.forEach(file -> out.println("wrote " + file));
        if (written.isEmpty()) {
            out.println("everything is in place already");
        }
        installer
                .takenBefore()
                .forEach(other -> complaints.println(KeptInstallation.takenBefore(other)));
        out.flush();
        return 0;
    }

    private void requireReady() throws ConfigException, IOException {
        StatusReport report = agent.report(environment);
        if (!report.ready()) {
            throw new IOException(
                    "nothing is installed, since the agent is not ready: "
                            + report.conditions().values().stream()
                                    .filter(problem -> !problem.isEmpty())
                                    .findFirst()
                                    .orElse("it is just starting"));
        }
    }
}
