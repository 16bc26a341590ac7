package dev.culvert.agent.command;

import dev.culvert.agent.admin.NoAgentException;
import dev.culvert.agent.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine;

/** What a command that failed prints, and its exit status. Stateless. */
final class Failures implements CommandLine.IExecutionExceptionHandler {
    /** Failed, or the answer is no. */
    static final int FAILED = 1;

    /** Nobody answers at the agent's socket. */
    static final int NO_AGENT = 3;

    @Override
    public int handleExecutionException(
            Exception failure, CommandLine command, CommandLine.ParseResult parsed)
            throws Exception {
        if (!(failure instanceof IOException) && !(failure instanceof ConfigException)) {
            throw failure;
        }
        command.getOut().flush();
        PrintWriter complaints = command.getErr();
        complaints.println("culvert: " + failure.getMessage());
        complaints.flush();
        return failure instanceof NoAgentException ? NO_AGENT : FAILED;
    }
}
