package dev.culvert.agent;

import dev.culvert.agent.command.Commands;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command line: what {@code culvert} knows, each with its help. */
@Command(
        name = "culvert",
        mixinStandardHelpOptions = true,
        versionProvider = RootCommand.VersionProvider.class,
        description = "A pod network for Kubernetes.",
        synopsisSubcommandLabel = "COMMAND")
final class RootCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    private RootCommand() {}

    /** All commands; see {@link Commands}. */
    static CommandLine commandLine(Map<String, String> environment) {
        CommandLine line =
                new CommandLine(new RootCommand()).addSubcommand(new AgentCommand(environment));
        return Commands.addTo(line.addSubcommand(new VersionCommand()), environment);
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
    }

    /** For {@code --version}. */
    static final class VersionProvider implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"culvert " + Version.text()};
        }
    }

    /** {@code culvert version}. */
    @Command(
            name = "version",
            mixinStandardHelpOptions = true,
            description = "Print the version.",
            footer = {"", "Example:", "  culvert version"})
    static final class VersionCommand implements Runnable {
        @Spec private CommandSpec spec = CommandSpec.create();

        @Override
        public void run() {
            PrintWriter out = spec.commandLine().getOut();
            out.println("culvert " + Version.text());
            out.flush();
        }
    }
}
