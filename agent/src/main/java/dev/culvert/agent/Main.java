package dev.culvert.agent;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Where the program begins. */
public final class Main {
    private Main() {}

    /** Runs a command and exits with its status; see {@link RootCommand}. */
    public static void main(String[] args) {
        // Log4j's own and Netty's probing of internals of the JDK would print warnings.
        System.setProperty("io.netty.noUnsafe", "true");
        System.setProperty("java.util.logging.manager", "java.util.logging.LogManager");
        System.exit(run(args, System.getenv()));
    }

    /**
     * A node waits for its agent, and the classes of the command line's library are too old for the
     * cache of the virtual machine.
     */
    private static int run(String[] args, Map<String, String> environment) {
        AgentArguments usual = usual(args, environment);
        return usual == null
                ? RootCommand.commandLine(environment).execute(args)
                : start(usual, environment);
    }

    private static @Nullable AgentArguments usual(String[] args, Map<String, String> environment) {
        return args.length > 0 && args[0].equals("agent")
                ? AgentArguments.usual(List.of(args).subList(1, args.length), environment)
                : null;
    }

    private static int start(AgentArguments arguments, Map<String, String> environment) {
        Supplier<PrintWriter> complaints = () -> RootCommand.commandLine(environment).getErr();
        try {
            return AgentRun.run(arguments, environment, complaints);
        } catch (RuntimeException e) {
            e.printStackTrace(complaints.get());
            return 1;
        }
    }
}
