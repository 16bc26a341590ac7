package dev.culvert.agent.command;

import dev.culvert.agent.admin.NoAgentException;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.install.CniInstaller;
import dev.culvert.agent.install.InstalledFiles;
import dev.culvert.iptables.Applied;
import dev.culvert.iptables.FrameTable;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.ProcessCommand;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code culvert uninstall}: takes away what was installed for the container runtime. */
@Command(
        name = "uninstall",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Remove the network list and then the CNI executable. Pods that run keep their"
                        + " network, unless the rules go too.",
        footer = {"", "Examples:", "  culvert uninstall", "  culvert uninstall --rules"})
final class UninstallCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private CniFileOptions options = new CniFileOptions();

    @Option(
            names = "--rules",
            description =
                    "Remove the packet filter's rules and sets too. Pods then cannot reach what is"
                            + " outside the cluster.")
    private boolean rules;

    UninstallCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        PrintWriter out = spec.commandLine().getOut();
        requireThatItStaysAway();
        List<Path> removed =
                new CniInstaller(InstalledFiles.of(options.settings(agent.config(), environment)))
                        .uninstall();
        removed.forEach(file -> out.println("removed " + file));
        if (removed.isEmpty()) {
            out.println("there is nothing to remove");
        }
        if (rules) {
            removeRules(out);
        }
        out.flush();
        return 0;
    }

    private static void removeRules(PrintWriter out) throws IOException {
        PacketFilter filter = new PacketFilter(new ProcessCommand(), EnumSet.allOf(IpFamily.class));
        filter.removeAll();
        Applied applied = filter.apply();
        out.println(
                "removed the packet filter's rules and sets: %d lines".formatted(applied.lines()));
        applied.warnings().forEach(out::println);
        if (new FrameTable(new ProcessCommand(), List.of()).remove()) {
            out.println("removed the table 'bridge culvert' of nf_tables");
        }
    }

    private void requireThatItStaysAway() throws ConfigException, IOException {
        boolean installs = AgentConfig.load(agent.config(), environment).cniFiles().isEnabled();
        if ((installs || rules) && agentAnswers()) {
            throw new IOException(
                    "nothing is removed, since the agent runs and would put it back: stop it, or"
                            + " empty cniConfDir and restart it, before you uninstall");
        }
    }

    private boolean agentAnswers() throws ConfigException, IOException {
        try {
            agent.report(environment);
            return true;
        } catch (NoAgentException _) {
            return false;
        }
    }
}
