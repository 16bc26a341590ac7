package dev.culvert.bench;

import dev.culvert.bench.cni.CniCommand;
import dev.culvert.bench.path.PathCommand;
import dev.culvert.bench.policy.PolicyCommand;
import dev.culvert.bench.rules.RulesCommand;
import dev.culvert.bench.scale.ScaleCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./dev bench}: measurements of Culvert, never shipped. */
@Command(
        name = "./dev bench",
        mixinStandardHelpOptions = true,
        subcommands = {
            PathCommand.class,
            ScaleCommand.class,
            MicroCommand.class,
            CniCommand.class,
            RulesCommand.class,
            PolicyCommand.class
        },
        description = "Measure Culvert.",
        synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    private Main() {}

    /** Exits with 0 done, 1 failed, 2 wrong usage. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command");
    }
}
