package dev.culvert.agent;

import dev.culvert.agent.command.Commands;
import dev.culvert.agent.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The command line. */
@Command(
        name = "culvert",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionProvider.class,
        description = "A pod network for Kubernetes.",
        synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    private Main() {}

    /** Runs a command and exits with its status; see {@link Commands}. */
    public static void main(String[] args) {
        // Log4j's own and Netty's probing of internals of the JDK would print warnings.
        System.setProperty("io.netty.noUnsafe", "true");
        System.setProperty("java.util.logging.manager", "java.util.logging.LogManager");
        Map<String, String> environment = System.getenv();
        AgentOptions agent = AgentOptions.plain(args, environment);
        System.exit(
                agent == null ? commandLine(environment).execute(args) : run(agent, environment));
    }

    /** What goes wrong is told as the command line tells it. */
    private static int run(AgentOptions agent, Map<String, String> environment) {
        try {
            return agent.run(environment);
        } catch (ConfigException | IOException e) {
            commandLine(environment).getErr().println("culvert: " + e.getMessage());
        } catch (RuntimeException e) {
            e.printStackTrace(commandLine(environment).getErr());
        }
        return 1;
    }

    static CommandLine commandLine(Map<String, String> environment) {
        CommandLine line = new CommandLine(new Main()).addSubcommand(new AgentCommand(environment));
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
