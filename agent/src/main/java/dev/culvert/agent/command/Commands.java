package dev.culvert.agent.command;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;

/** All commands but that of the agent itself. Stateless. */
public final class Commands {
    private static final Map<String, String> EXIT_STATUS = exitStatus();

    private Commands() {}

    /** Adds them, with what the environment says over the settings. */
    public static CommandLine addTo(CommandLine line, Map<String, String> environment) {
        line.addSubcommand(new StatusCommand(environment))
                .addSubcommand(new PeersCommand(environment))
                .addSubcommand(new LeasesCommand(environment))
                .addSubcommand(new PolicyCommand(environment))
                .addSubcommand(new TraceCommand(environment))
                .addSubcommand(new PingCommand(environment))
                .addSubcommand(new BenchCommand(environment))
                .addSubcommand(new CaptureCommand(environment))
                .addSubcommand(new DoctorCommand(environment))
                .addSubcommand(new LogLevelCommand(environment))
                .addSubcommand(new InstallCniCommand(environment))
                .addSubcommand(new UninstallCommand(environment))
                .addSubcommand(new CompletionCommand());
        line.setExecutionExceptionHandler(new Failures());
        line.getSubcommands().values().forEach(Commands::describeExitStatus);
        describeExitStatus(line);
        return line;
    }

    private static void describeExitStatus(CommandLine command) {
        command.getCommandSpec()
                .usageMessage()
                .exitCodeListHeading("%nExit status:%n")
                .exitCodeList(EXIT_STATUS);
    }

    private static Map<String, String> exitStatus() {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("0", "Done, and all is well.");
        texts.put("1", "Failed, or something is not well: the output says what.");
        texts.put("2", "Wrong usage.");
        texts.put("3", "No agent answers at its socket.");
        return texts;
    }
}
