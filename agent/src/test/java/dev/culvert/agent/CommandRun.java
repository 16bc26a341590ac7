package dev.culvert.agent;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/**
 * A command that was run in this process. Immutable.
 *
 * @param status its exit status
 * @param out what it printed
 * @param err what it complained of
 */
record CommandRun(int status, String out, String err) {

    /** Runs a command that asks the agent at this socket. */
    static CommandRun of(Path socket, String... words) {
        List<String> line = new ArrayList<>(List.of(words));
        line.add("--socket=" + socket);
        return asIs(line.toArray(String[]::new));
    }

    /** Runs a command. */
    static CommandRun asIs(String... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Main.commandLine(Map.of());
        command.setOut(new PrintWriter(out, true));
        command.setErr(new PrintWriter(err, true));
        return new CommandRun(command.execute(words), out.toString(), err.toString());
    }
}
