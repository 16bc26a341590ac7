package dev.culvert.agent.command;

import java.util.Map;
import picocli.CommandLine;

/** All commands but that of the agent itself. Stateless. */
public final class Commands {
    private Commands() {}

    /** Adds them, with what the environment says over the settings. */
    public static CommandLine addTo(CommandLine line, Map<String, String> environment) {
        return line.addSubcommand(new StatusCommand(environment))
                .addSubcommand(new PeersCommand(environment))
                .addSubcommand(new InstallCniCommand(environment))
                .addSubcommand(new UninstallCommand(environment));
    }
}
